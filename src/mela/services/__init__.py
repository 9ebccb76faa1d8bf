"""The platform's services. They never import each other: they meet in `mela.contracts`."""
