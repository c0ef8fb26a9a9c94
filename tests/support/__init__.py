"""What tests share: servers, starters, builders."""
