"""Tests of `mela.cluster`, and the decisions of upstream that it must agree with."""
