# One node: containerd, kubelet and kube-proxy in network, PID and mount namespaces of their own. Sourced by `cluster`.

zone() { local zones=(ap-south-1c ap-south-1a ap-south-1b); echo "${zones[$(($1 % 3))]}"; }

node() { # killing its first process removes everything in it
  local i=$1 d=$RUN/node$1 ip=10.240.0.$((10 + $1))
  mkdir -p "$d/cni"
  node_network "$i" "$ip"
  node_cgroups "$i"
  node_files "$i" "$ip"
  node_start "$i"
}

node_start() { start "node$1" nsenter --net="/run/netns/mela-node$1" unshare --pid --fork --kill-child --mount-proc --mount --uts "$RUN/node$1/init"; }

node_lose() { # first the cable, so that nobody hears a goodbye; then the power
  known_node "$1"
  ip -n mela-lan link set "node$1" down
  stop "node$1"
}

node_return() {
  known_node "$1"
  ! alive "node$1" || fail "node $1 is not lost"
  ip -n mela-lan link set "node$1" up
  ip -n "mela-node$1" link del cni0 2>/dev/null || true # its pods are gone, and their addresses free
  rm -rf "$RUN/node$1/ipam" "$RUN/node$1/state"
  awk -v r="$RUN/node$1/" 'index($2, r) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n1 umount -l
  find /sys/fs/cgroup -depth -mindepth 2 -type d -path "*/mela-node$1/*" -exec rmdir {} + 2>/dev/null || true
  node_start "$1"
}

pod_kill() { # all its processes but the one that keeps its namespaces
  local file killed=0
  [[ ${1:-} =~ ^[0-9a-f-]{36}$ ]] || fail "which pod? its metadata.uid"
  for file in /proc/[0-9]*; do
    grep -qs "/pod$1/" "$file/cgroup" && [ "$(cat "$file/comm")" != pause ] || continue
    kill -9 "${file#/proc/}" && killed=1
  done
  [ $killed = 1 ] || fail "no process of pod $1 runs on this machine"
}

known_node() { [ -d "$RUN/node${1:-none}" ] || fail "no node ${1:-} of ours; which? e.g. cluster lose 2"; }

node_network() { # number address
  local j
  ip netns add "mela-node$1"
  ip -n mela-lan link add "node$1" type veth peer name eth0 netns "mela-node$1"
  ip -n mela-lan link set "node$1" master lan up
  ip -n "mela-node$1" addr add "$2/24" dev eth0
  ip -n "mela-node$1" link set eth0 up
  ip -n "mela-node$1" link set lo up
  ip -n "mela-node$1" route add default via $HOST
  ip netns exec "mela-node$1" sysctl -qw net.ipv4.ip_forward=1
  for j in $(seq 9); do [ "$j" = "$1" ] || ip -n "mela-node$1" route add "10.244.$j.0/24" via "10.240.0.$((10 + j))"; done
  ip route replace "10.244.$1.0/24" via "$2"
}

node_cgroups() { # a folder of its own in each hierarchy (cgroup v1) or in the one (v2)
  local c f
  for c in "" cpu cpuacct cpuset memory pids hugetlb systemd; do
    { [ -d "/sys/fs/cgroup/$c" ] && [ -e "/sys/fs/cgroup/$c/cgroup.procs" ]; } || continue
    mkdir -p "/sys/fs/cgroup/$c/mela-node$1"
  done
  # A node stands for a machine: all its pods together must not weigh as little as one other process here.
  for f in cpu/mela-node$1/cpu.shares mela-node$1/cpu.weight; do [ ! -f "/sys/fs/cgroup/$f" ] || echo 10000 >"/sys/fs/cgroup/$f"; done
  for f in cpus mems; do
    [ ! -f /sys/fs/cgroup/cpuset/cpuset.$f ] || cat /sys/fs/cgroup/cpuset/cpuset.$f >"/sys/fs/cgroup/cpuset/mela-node$1/cpuset.$f"
  done
}

node_files() { # number address
  local d=$RUN/node$1
  : >"$d/resolv.conf"
  cat >"$d/cni/10-bridge.conflist" <<CNI
{"cniVersion":"0.4.0","name":"mela","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"hairpinMode":true,
 "ipam":{"type":"host-local","dataDir":"$d/ipam","ranges":[[{"subnet":"10.244.$1.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
CNI
  # No CAP_SYS_RESOURCE in a sandboxed machine: hence restrict_oom_score_adj. cgroup v1 in some: hence failCgroupV1.
  cat >"$d/containerd.toml" <<TOML
version = 2
root = "$d/containerd"
state = "$d/state"
[grpc]
  address = "$d/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$d/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
TOML
  cat >"$d/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /mela-node$1
enforceNodeAllocatable: []
failSwapOn: false
containerRuntimeEndpoint: unix://$d/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $RUN/ca.crt}}
authorization: {mode: Webhook}
serverTLSBootstrap: false
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
podLogsDir: $d/logs
resolvConf: $d/resolv.conf
evictionHard: {memory.available: 100Mi}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 5s
YAML
  cat >"$d/init" <<INIT
#!/bin/bash
hostname node$1
mount --make-rslave / && mount -t tmpfs tmpfs /run/netns && mount --make-rshared /
containerd -c $d/containerd.toml >$d/containerd.log 2>&1 &
until ctr -a $d/containerd.sock version >/dev/null 2>&1; do sleep 0.1; done
ctr -a $d/containerd.sock -n k8s.io images import $RUN/pause.tar >/dev/null
$BIN/kube-proxy --kubeconfig $ADMIN --hostname-override=node$1 --cluster-cidr=10.244.0.0/16 --proxy-mode=nftables \
  --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s >$d/kube-proxy.log 2>&1 &
exec $BIN/kubelet --config $d/kubelet.yaml --kubeconfig $ADMIN --hostname-override=node$1 --root-dir=$d/kubelet --node-ip=$2 \
  --cert-dir=$d/pki --node-labels=topology.kubernetes.io/region=ap-south-1,topology.kubernetes.io/zone=$(zone "$1") --v=1 >$d/kubelet.log 2>&1
INIT
  chmod +x "$d/init"
}
