"""What proofs on a cluster share: load from outside, kubectl, manifests and what is taken out of them, results.

A proof asks for nothing but a cluster that answers at KUBECONFIG and has the image `mela:dev`: `make cluster image load`.
"""
