"""Manifests by the thousand: shops that are right, each a Deployment, Service, ConfigMap, autoscaler, budget, account and two policies."""

from pathlib import Path

KINDS_PER_SHOP = 8
_SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{n}, namespace: shop, labels: {{app: web-{n}}}}}
spec:
  selector: {{matchLabels: {{app: web-{n}}}}}
  template:
    metadata: {{labels: {{app: web-{n}}}}}
    spec:
      serviceAccountName: web-{n}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: {{type: RuntimeDefault}}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: {{matchLabels: {{app: web-{n}}}}}
      containers:
        - name: web
          image: registry.example.org/web:1.4.2
          ports: [{{name: http, containerPort: 8080}}]
          env:
            - name: GREETING
              valueFrom: {{configMapKeyRef: {{name: web-{n}, key: greeting}}}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 128Mi}}
          startupProbe: {{httpGet: {{path: /healthz, port: http}}, failureThreshold: 30, periodSeconds: 2}}
          readinessProbe: {{httpGet: {{path: /readyz, port: http}}}}
          livenessProbe: {{httpGet: {{path: /healthz, port: http}}}}
          lifecycle: {{preStop: {{sleep: {{seconds: 5}}}}}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web-{n}, namespace: shop}}
spec:
  selector: {{app: web-{n}}}
  ports: [{{name: http, port: 80, targetPort: http}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: web-{n}, namespace: shop}}
data: {{greeting: नमस्ते}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web-{n}, namespace: shop}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web-{n}}}
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: Resource
      resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 70}}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web-{n}, namespace: shop}}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector: {{matchLabels: {{app: web-{n}}}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: web-{n}, namespace: shop}}
automountServiceAccountToken: false
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web-{n}-in, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: web-{n}}}}}
  policyTypes: [Ingress]
  ingress:
    - from: [{{podSelector: {{matchLabels: {{app: web-{before}}}}}}}]
      ports: [{{port: http}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web-{n}-out, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: web-{n}}}}}
  policyTypes: [Egress]
  egress:
    - to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: kube-system}}}}}}]
      ports: [{{port: 53, protocol: UDP}}, {{port: 53, protocol: TCP}}]
---
"""
_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
"""


def write(folder: Path, objects: int) -> None:
    """Write about `objects` objects, in files of a hundred shops."""
    shops = max(objects // KINDS_PER_SHOP, 1)
    folder.mkdir(parents=True)
    (folder / "namespace.yaml").write_text(_NAMESPACE, encoding="utf-8")
    for start in range(0, shops, 100):
        numbers = range(start, min(start + 100, shops))
        text = "".join(_SHOP.format(n=n, before=max(n - 1, 0)) for n in numbers)
        (folder / f"shops-{start:05}.yaml").write_text(text, encoding="utf-8")
