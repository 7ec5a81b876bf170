#!/usr/bin/env bash
# SPDX-FileCopyrightText: The boxgrpc authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds the callers in other languages. What it needs it installs: with npm in
# typescript/, and on Debian, as root, with apt-get.
set -euo pipefail
cd "$(dirname "$0")"

packages=(
	nodejs npm
	python3 python3-grpcio python3-protobuf
	default-jdk-headless libgrpc-java libprotobuf-java libnetty-java libgoogle-gson-java
	libguava-java libperfmark-java libgeronimo-annotation-1.3-spec-java
	protobuf-compiler protobuf-compiler-grpc protobuf-compiler-grpc-java-plugin
)

# present asks for the things, not for the packages: node may be of another origin.
present() {
	for tool in node npm javac java protoc grpc_python_plugin grpc_java_plugin; do
		command -v "$tool" >/dev/null || return 1
	done
	for jar in $(grep -o '/usr/share/java/[^:"]*' java/options); do
		[ -e "$jar" ] || return 1
	done
	/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null
}

install() {
	local missing=() package
	if ! command -v apt-get >/dev/null; then
		echo "conformance/build.sh: no apt-get to install what Debian names ${packages[*]}" >&2
		exit 1
	fi
	for package in "${packages[@]}"; do
		case $package in # another node than Debian's is left in peace
		nodejs | npm) command -v "${package/nodejs/node}" >/dev/null || missing+=("$package") ;;
		default-jdk-headless) command -v javac >/dev/null || missing+=("$package") ;;
		*) missing+=("$package") ;;
		esac
	done
	export DEBIAN_FRONTEND=noninteractive
	timeout 300 apt-get -o DPkg::Lock::Timeout=120 update -qq
	timeout 900 apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

present || install
if ! cmp -s typescript/package-lock.json typescript/node_modules/.installed; then
	(cd typescript && timeout 300 npm ci --ignore-scripts --silent)
	cp typescript/package-lock.json typescript/node_modules/.installed
fi

rm -rf {typescript,python,java}/gen {typescript,java}/build
(cd .. && PATH="$PWD/conformance/typescript/node_modules/.bin:$PATH" \
	timeout 300 node_modules/.bin/buf generate --template conformance/buf.gen.yaml -o conformance)
timeout 300 typescript/node_modules/.bin/tsc -p typescript
mkdir -p java/build
# Generated code is not ours to warn about.
find java -name '*.java' >java/build/sources
timeout 300 javac @java/options -Xlint:none -nowarn -proc:none -d java/build @java/build/sources 2>&1 | { grep -v '^Note: ' || true; }
