# What bash offers for a line: complete.bash SCRIPT WORD...
set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_boxgrpc
printf '%s\n' "${COMPREPLY[@]-}"
