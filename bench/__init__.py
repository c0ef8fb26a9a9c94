"""What CalSync does in figures, each beside a limit or a peer measured in the same run."""
