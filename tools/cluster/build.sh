# Compiles Kubernetes and its neighbours from Go modules, versions from */go.mod and go.sum. Sourced by `cluster`.

compile() { # compile up|all|NAME... : what is missing or of another version; shows what, how many of how many, time left
  local name folder module package seconds group left=0 todo=() i=0
  mkdir -p "$BIN"
  exec 8>"$CACHE/lock"
  flock -n 8 || { say "another build is under way; waiting for it"; flock 8; }
  while read -r name folder module package seconds group; do
    wanted "$name" "$group" "$@" || continue
    is_built "$name" "$folder" "$module" && continue
    todo+=("$name $folder $package $seconds"); left=$((left + seconds))
  done < <(programs)
  if [ ${#todo[@]} -gt 0 ]; then
    need_go
    for line in "${todo[@]}"; do
      read -r name folder package seconds <<<"$line"
      say "compiling $((++i)) of ${#todo[@]}: $name; about $(((left + 59) / 60)) min left (two cores, nothing cached)"
      compile_one "$name" "$folder" "$package"
      left=$((left - seconds))
    done
  fi
  [ -x "$BIN/pause" ] || { need gcc:gcc; gcc -Os -static -o "$BIN/pause" "$HERE/pause.c" || fail "gcc cannot link it: apt-get install gcc libc6-dev"; }
  [ ! -x "$BIN/kwok" ] || [ -s "$CACHE/stages.yaml" ] || stages
  exec 8>&-
}

stages() { # how simulated nodes and pods behave: files of kwok's own module
  local dir name
  need_go
  dir=$(cd "$HERE/kwok" && go mod download sigs.k8s.io/kwok && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
  for name in "$dir"/node/fast/*.yaml "$dir"/node/heartbeat-with-lease/*.yaml "$dir"/pod/fast/*.yaml; do
    [ "$(basename "$name")" = kustomization.yaml ] || { cat "$name"; echo; echo ---; }
  done >"$CACHE/stages.yaml"
}

programs() { grep -v '^#' "$HERE/programs"; }

wanted() { # wanted NAME GROUP up|all|NAME...
  local name=$1 group=$2 ask
  shift 2
  for ask in "$@"; do [ "$ask" = "$name" ] || [ "$ask" = "$group" ] || [ "$ask" = all ] && return 0; done
  return 1
}

is_built() { # the program is there, in the version of its go.mod; without Go nobody can compile, so what is there is taken
  [ -x "$BIN/$1" ] || return 1
  command -v go >/dev/null || return 0
  local version
  version=$(module_version "$2" "$3")
  go version -m "$BIN/$1" | awk -v m="$3" -v v="$version" '$1 == "mod" && $2 == m && $3 == v {found = 1} END {exit !found}'
}

module_version() { awk -v m="$2" '$1 == m {print $2; exit}' "$HERE/$1/go.mod"; }

compile_one() { # name folder package
  local version stamp=k8s.io/component-base/version began=$SECONDS
  version=$(module_version kubernetes k8s.io/kubernetes)
  ( cd "$HERE/$2" && CGO_ENABLED=0 exec go build -trimpath -buildvcs=false -o "$BIN/$1.new" -ldflags "-s -w -X $stamp.gitVersion=$version \
      -X $stamp.gitMajor=1 -X $stamp.gitMinor=$(cut -d. -f2 <<<"$version") -X $stamp.gitTreeState=clean -X $stamp.gitCommit=unknown" "$3" 2>"$CACHE/$1.log" ) &
  local job=$!
  until ! kill -0 $job 2>/dev/null; do
    sleep 1
    [ $(((SECONDS - began) % 30)) -ne 0 ] || say "  $1: $((SECONDS - began)) s so far"
  done
  wait $job || { tail -5 "$CACHE/$1.log" >&2; fail "$1 does not compile; the whole log: $CACHE/$1.log"; }
  mv "$BIN/$1.new" "$BIN/$1"
  rm -f "$CACHE/$1.log"
}

need_go() {
  local want
  want=$(awk '$1 == "go" {print $2}' "$HERE/kubernetes/go.mod")
  command -v go >/dev/null || fail "needs Go $want to compile Kubernetes: https://go.dev/dl/ (Debian's golang is too old), or a KUBECONFIG of yours"
}
