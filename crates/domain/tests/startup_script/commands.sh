#!/bin/sh
# Every command of the machine that is a folder ($MACHINE): it does what it is called by. Each call is noted, and what
# the real command would do to a machine is done to the files in $MACHINE/state. $TOOLS is where the real ones are.
# With $CUT the power fails at that call.
set -eu
name=${0##*/} state=$MACHINE/state scripts=$PATH
PATH=$TOOLS
echo "$name $*" >>"$MACHINE/called"
last=
for last; do :; done

power() {
  [ -z "${CUT:-}" ] || [ "$(grep -c '' "$MACHINE/called")" -lt "$CUT" ] || kill -s KILL 0
}
has() { grep -qxF -e "$2" "$state/$1"; }
real() {
  program=$(command -v "$name")
  PATH=$scripts
  exec "$program" "$@"
}

# A download fails half way.
[ "$name" = curl ] || power
case $name in
  bash | cat | chmod | cmp | mktemp | mv | rm | sha256sum) real "$@" ;;
  id) has users "$1" ;;
  useradd)
    ! has users "$last" || exit 9
    echo "$last" >>"$state/users"
    ;;
  chown) has users "${1%%:*}" && [ -e "$2" ] ;;
  install)
    left=$#
    while [ "$left" -gt 0 ]; do
      case $1 in
        -o | -g)
          has users "$2"
          shift 2
          left=$((left - 2))
          ;;
        *)
          set -- "$@" "$1"
          shift
          left=$((left - 1))
          ;;
      esac
    done
    real "$@"
    ;;
  blkid) [ -s "$1" ] ;;
  mkfs.ext4)
    # Nobody formats what holds something.
    [ ! -s "$last" ] || exit 1
    echo ext4 >"$last"
    ;;
  mountpoint) has mounts "$last" ;;
  mount)
    for word; do [ "$word" = "$last" ] || disk=$word; done
    if [ ! -s "$disk" ] || has mounts "$last"; then exit 32; fi
    echo "$last" >>"$state/mounts"
    ;;
  curl)
    header='' out='' address=''
    while [ $# -gt 0 ]; do
      case $1 in
        -H) header=$2 && shift 2 ;;
        -o) out=$2 && shift 2 ;;
        --retry) shift 2 ;;
        -*) shift ;;
        *) address=$1 && shift ;;
      esac
    done
    served=$MACHINE/net/${address#*://}
    case $address in
      http://metadata.google.internal/*) [ "$header" = 'Metadata-Flavor: Google' ] || exit 22 ;;
      https://*) ;;
      *) exit 1 ;;
    esac
    if [ ! -f "$served" ]; then
      power
      exit 22
    fi
    if [ -n "$out" ]; then
      head -c 5 "$served" >"$out"
      power
      cat "$served" >"$out"
    else
      power
      cat "$served"
    fi
    ;;
  gpg) echo "key ring of" && cat ;;
  dpkg) has packages "$last" ;;
  apt-get)
    case $1 in
      update) ls "$MACHINE/etc/apt/sources.list.d" >"$state/archives" ;;
      install)
        # What was never asked for its packages has none.
        [ -e "$state/archives" ] || exit 100
        case $last in
          terraform) has archives hashicorp.list || exit 100 ;;
          kubectl | google-cloud-cli) has archives google-cloud.list || exit 100 ;;
          helm) has archives helm.list || exit 100 ;;
          gpg) ln -sf "$0" "${0%/*}/gpg" ;;
        esac
        echo "$last" >>"$state/packages"
        ;;
      *) exit 100 ;;
    esac
    ;;
  systemctl)
    case $1 in
      daemon-reload) ;;
      enable) : >"$state/enabled/$last" ;;
      is-enabled) [ -e "$state/enabled/$last" ] ;;
      restart | start)
        [ "$1" = restart ] || [ ! -e "$state/running/$last" ] || exit 0
        unit=$MACHINE/etc/systemd/system/$last.service
        user=$(sed -n 's/^User=//p' "$unit")
        program=$(sed -n 's/^ExecStart=//p' "$unit")
        has users "$user"
        [ -x "$program" ]
        echo "$user: $(cat "$program")" >"$state/running/$last"
        ;;
      *) exit 1 ;;
    esac
    ;;
  *) exit 127 ;;
esac
