"""Tests of the stand-in for PostgREST."""
