"""Migrations of a test."""
