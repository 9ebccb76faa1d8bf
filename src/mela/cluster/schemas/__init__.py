"""What fields objects may have: Kubernetes' published schemas by version, and those that CRDs bring along."""
