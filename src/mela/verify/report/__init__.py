"""One report in three forms: for people, as JSON, as SARIF."""
