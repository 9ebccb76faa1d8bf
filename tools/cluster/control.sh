# The control plane and what every cluster has beside it: DNS, metrics, disks. Sourced by `cluster`.

start() { # name command... : in the background, log and pid under $RUN; no file of the caller (a lock, say) stays open in it
  local name=$1
  shift
  (
    for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
    exec setsid nohup "$@" >"$RUN/$name.log" 2>&1 </dev/null
  ) &
  echo $! >"$RUN/$name.pid"
}

alive() { # a process of ours by that name; its number may have been given to another since
  local pid
  pid=$(cat "$RUN/$1.pid" 2>/dev/null) && grep -qaF -e "$BIN/" -e "$RUN/" "/proc/$pid/cmdline" 2>/dev/null
}

stop() { # name
  local pid
  if alive "$1"; then
    pid=$(cat "$RUN/$1.pid")
    kill -9 -- "-$pid" 2>/dev/null || true # with its children
    while [ -e "/proc/$pid" ] && ! grep -qs '^State:.Z' "/proc/$pid/status"; do sleep 0.05; done
  fi
  rm -f "$RUN/$1.pid"
}

wait_for() { # seconds command...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { say "gave up waiting for: $*"; return 1; }
    sleep 0.2
  done
}

ready_nodes() { [ "$(kube get nodes --no-headers | grep -cw Ready)" = "$1" ]; }

down() {
  if [ -e "$RUN/kind" ]; then kind delete cluster --name $KIND >&2; fi
  local file n
  for file in "$RUN"/node*.pid "$RUN"/*.pid; do
    [ -f "$file" ] && stop "$(basename "$file" .pid)"
  done
  ip link del mela0 2>/dev/null || true
  for n in $(ip netns list 2>/dev/null | awk '/^mela-/ {print $1}'); do ip netns del "$n"; done
  find /sys/fs/cgroup -depth -type d -path '*/mela-node*' -exec rmdir {} + 2>/dev/null || true
  awk -v r="$RUN/" 'index($2, r) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n1 umount -l
  wait_for 30 rm -rf --one-file-system "$RUN" # the last processes of a node may still be writing when it has been killed
}

sign() { # name subject [extension]
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(echo "${3:-}") 2>/dev/null
}

certificates() (
  cd "$RUN"
  umask 077
  openssl genrsa -out sa.key 2048 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.crt -subj /CN=cluster 2>/dev/null
  sign api /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:$HOST,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc,DNS:kubernetes.default"
  sign proxy /CN=front-proxy
  sign kubelet-client /O=system:masters/CN=kube-apiserver
  echo "$(openssl rand -hex 16),admin,admin,system:masters" >tokens.csv
  cat >"$ADMIN" <<CONF
apiVersion: v1
kind: Config
clusters: [{name: mela, cluster: {server: "https://$HOST:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: admin, user: {token: $(cut -d, -f1 tokens.csv)}}]
contexts: [{name: mela, context: {cluster: mela, user: admin}}]
current-context: mela
CONF
)

control_plane() {
  mkdir -p "$RUN"
  certificates
  # The nodes' switch is a bridge in a namespace of its own, out of reach of the host's firewall rules.
  ip netns add mela-lan
  ip -n mela-lan link add lan type bridge
  ip -n mela-lan link set lan up
  ip link add mela0 type veth peer name host netns mela-lan
  ip -n mela-lan link set host master lan up
  ip addr add $HOST/24 dev mela0
  ip link set mela0 up
  # Nothing here outlives the machine, so etcd need not wait for the disk.
  start etcd "$BIN/etcd" --data-dir "$RUN/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:23790 \
    --advertise-client-urls http://127.0.0.1:23790 --listen-peer-urls http://127.0.0.1:23800
  start kube-apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:23790 --secure-port=6443 --bind-address=0.0.0.0 \
    --advertise-address=$HOST --tls-cert-file="$RUN/api.crt" --tls-private-key-file="$RUN/api.key" --client-ca-file="$RUN/ca.crt" \
    --service-account-key-file="$RUN/sa.key" --service-account-signing-key-file="$RUN/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --token-auth-file="$RUN/tokens.csv" --authorization-mode=Node,RBAC \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true --enable-admission-plugins=NodeRestriction \
    --requestheader-client-ca-file="$RUN/ca.crt" --requestheader-allowed-names=front-proxy --requestheader-username-headers=X-Remote-User \
    --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$RUN/proxy.crt" --proxy-client-key-file="$RUN/proxy.key" --enable-aggregator-routing=true \
    --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$RUN/kubelet-client.crt" \
    --kubelet-client-key="$RUN/kubelet-client.key" --v=1
  wait_for 60 kube get --raw /readyz
  # shellcheck disable=SC2086 # several flags in one variable
  start kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig="$ADMIN" --bind-address=127.0.0.1 \
    --service-account-private-key-file="$RUN/sa.key" --root-ca-file="$RUN/ca.crt" --leader-elect=false \
    --cluster-cidr=10.244.0.0/16 --allocate-node-cidrs=true --cert-dir="$RUN/certs" --v=1 ${CONTROLLER_MANAGER_FLAGS:-}
  start kube-scheduler "$BIN/kube-scheduler" --kubeconfig="$ADMIN" --bind-address=127.0.0.1 --leader-elect=false --cert-dir="$RUN/certs" --v=1
  pause_image
}

pause_image() { # an OCI archive holding one static binary: what keeps a pod's namespaces open
  local diff
  mkdir -p "$RUN/pause"
  cp "$BIN/pause" "$RUN/pause/"
  tar -C "$RUN/pause" -cf "$RUN/layer.tar" pause
  diff=$(sha256sum "$RUN/layer.tar" | cut -d' ' -f1)
  mkdir -p "$RUN/img/$diff"
  mv "$RUN/layer.tar" "$RUN/img/$diff/layer.tar"
  printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$diff" >"$RUN/img/config.json"
  printf '[{"Config":"config.json","RepoTags":["localhost/pause:1"],"Layers":["%s/layer.tar"]}]' "$diff" >"$RUN/img/manifest.json"
  tar -C "$RUN/img" -cf "$RUN/pause.tar" .
}

dns() { # CoreDNS on the host, reached by the usual service address
  cat >"$RUN/Corefile" <<CORE
cluster.local:53 {
  bind $HOST
  kubernetes cluster.local {
    kubeconfig $ADMIN
  }
  loadbalance
}
CORE
  start coredns "$BIN/coredns" -conf "$RUN/Corefile"
  on_host kube-dns '{clusterIP: 10.96.0.10, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}' \
    '[{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]'
}

metrics() { # metrics-server on the host, behind the API server's aggregation layer
  start metrics-server "$BIN/metrics-server" --kubeconfig="$ADMIN" --authentication-kubeconfig="$ADMIN" \
    --authorization-kubeconfig="$ADMIN" --cert-dir="$RUN/certs" --bind-address=$HOST --secure-port=4443 \
    --kubelet-insecure-tls --kubelet-preferred-address-types=InternalIP --metric-resolution=15s
  on_host metrics-server '{ports: [{name: https, port: 443, targetPort: 4443}]}' '[{name: https, port: 4443}]'
  kube apply -f - >/dev/null <<YAML
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
   service: {name: metrics-server, namespace: kube-system}}
YAML
}

on_host() { # name, spec of its Service, ports: a Service whose only endpoint is this machine
  kube apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Service
metadata: {name: $1, namespace: kube-system, labels: {k8s-app: $1}}
spec: $2
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: $1, namespace: kube-system, labels: {kubernetes.io/service-name: $1}}
addressType: IPv4
ports: $3
endpoints: [{addresses: [$HOST]}]
YAML
}

disks() { # a default storage class of local volumes, eight per node, bound where the pod lands
  local i j
  for i in $(seq "$1"); do for j in 1 2 3 4 5 6 7 8; do
    mkdir -p "$RUN/node$i/disk$j"
    chmod 777 "$RUN/node$i/disk$j"
    cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: node$i-disk$j}
spec:
  {capacity: {storage: 20Gi}, accessModes: [ReadWriteOnce], storageClassName: standard, persistentVolumeReclaimPolicy: Retain,
   local: {path: $RUN/node$i/disk$j}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [
   {key: kubernetes.io/hostname, operator: In, values: [node$i]}]}]}}}
YAML
  done; done | kube apply -f - >/dev/null
  kube apply -f - >/dev/null <<YAML
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
  start disks "$HERE/cluster" recycle "$RUN/"
}

recycle() { # empty the disks of claims that are gone, and offer them again
  local name phase
  while sleep 0.5; do # a watch ends from time to time
    kube get pv --watch --no-headers -o custom-columns=NAME:.metadata.name,PHASE:.status.phase | while read -r name phase; do
      [ "$phase" = Released ] || continue
      find "$RUN/${name/-//}" -mindepth 1 -delete || true
      kube patch pv "$name" --type=merge -p '{"spec": {"claimRef": null}}' >/dev/null || true
    done || true
  done
}
