"""Tests of CalSync."""
