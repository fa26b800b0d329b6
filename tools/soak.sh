#!/usr/bin/env bash
# What `make soak` runs beside the long tests, with a nightly compiler:
#   tools/soak.sh check       nothing but whether what it needs is there
#   tools/soak.sh sanitize    the tests of the unsafe code under the address sanitizer, which finds leaks too
#   tools/soak.sh threads     the tests of threads under the thread sanitizer, with a standard library built for it
#   tools/soak.sh book        both order books against the model, 200 seeds of 20,000 commands
#   tools/soak.sh pricing     index, mark and funding against plain models, and the laws of them, from many seeds
#   tools/soak.sh incidents   what happens without each control of the venue: a build for each that lacks one line
#   tools/soak.sh fuzz [NAME] the fuzz targets (all, or one), each for $PERPCORE_FUZZ_SECONDS (60) on its corpus
# Inputs that a target fails on are left in target/fuzz/found. One line says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?check, book, pricing, incidents, sanitize, threads or fuzz}
lacks() { echo "perpcore: $1" >&2; exit 1; }

case $what in
book | pricing | incidents) ;; # the stable compiler does
*)
    rustc +nightly --version >/dev/null 2>&1 ||
        lacks "no nightly Rust: sanitizers and libFuzzer need it (rustup toolchain install nightly --profile minimal)"
    command -v c++ >/dev/null 2>&1 || lacks "no C++ compiler: libFuzzer is built with c++ (Debian: apt-get install g++)"
    [ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ] ||
        lacks "no source of the standard library: the thread sanitizer needs it (rustup component add rust-src --toolchain nightly)"
    host=$(rustc +nightly --version --verbose | sed -n 's/^host: //p')
    echo "perpcore: $(rustc +nightly --version)"
    ;;
esac

# A target given explicitly keeps the flags away from build scripts.
build() { cargo +nightly "$@" --locked --target "$host" -p perpcore-fuzz; }

case $what in
check) ;;
sanitize)
    export RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR=target/sanitize ASAN_OPTIONS=detect_leaks=1
    build test -p perpcore-arrow --lib --tests
    build test -p perpcore --test kernels
    ;;
threads)
    # Locks and threads of a standard library that is not instrumented would be taken for races.
    export RUSTFLAGS="-Zsanitizer=thread" CARGO_TARGET_DIR=target/threads TSAN_OPTIONS=halt_on_error=1
    build test -Zbuild-std -p perpcore-arrow --test threads
    build test -Zbuild-std -p perpcore-arrow --lib shared
    build test -Zbuild-std -p perpcore --test monitor
    ;;
book)
    PERPCORE_SOAK=1 cargo test --locked --release -p perpcore --test book_model --test book_stores
    ;;
pricing)
    PERPCORE_SOAK=1 cargo test --locked --release -p perpcore --test 'pricing_*'
    ;;
incidents)
    # Builds that lack a control stay apart from those that are used. As in release debug assertions, a second control, are
    # off; for the rest they are built fast.
    export CARGO_TARGET_DIR=target/incidents CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_PROFILE_DEV_OPT_LEVEL=0
    export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
    mkdir -p "$CARGO_TARGET_DIR"
    for feature in $(sed -n 's/^\(without_[a-z_]*\) = .*/\1/p' rust/perpcore/Cargo.toml); do
        cargo test --locked -p perpcore --features "$feature" --test venue_incidents -- --exact "$feature" |
            tee "target/incidents/$feature.log"
        grep -q '^test result: ok. 1 passed' "target/incidents/$feature.log" || lacks "no test of $feature has run"
    done
    if said=$(cargo check --locked -p perpcore-py --features perpcore/without_fill_rule 2>&1); then
        lacks "perpcore-py compiles without the fill rule"
    fi
    grep -q 'built without one of its controls' <<<"$said" || { echo "$said"; lacks "perpcore-py fails for another reason"; }
    ;;
fuzz)
    flags="--cfg fuzzing -Zsanitizer=address -Cdebug-assertions -Coverflow-checks -Clink-dead-code -Cpasses=sancov-module"
    for flag in level=4 inline-8bit-counters pc-table trace-compares stack-depth; do
        flags+=" -Cllvm-args=-sanitizer-coverage-$flag"
    done
    export RUSTFLAGS="$flags" CARGO_TARGET_DIR=target/fuzz CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
    build build --release --bins --features libfuzzer
    for name in ${2:-number_text number_float number_decimal rulebook_text guard commands pricing}; do
        mkdir -p "target/fuzz/grown/$name" target/fuzz/found
        seeds=("fuzz/corpus/$name")
        if [ "$name" = rulebook_text ]; then seeds+=(rust/perpcore/presets tests/rules/rulebooks); fi
        said=target/fuzz/$name.log
        # What it finds worth keeping goes to the first folder; the seeds are only read.
        "target/fuzz/$host/release/$name" "target/fuzz/grown/$name" "${seeds[@]}" \
            -max_total_time="${PERPCORE_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
            -artifact_prefix="target/fuzz/found/$name-" -print_final_stats=1 >"$said" 2>&1 ||
            { tail -n 40 "$said"; lacks "the fuzz target $name failed; the input is in target/fuzz/found, all it said in $said"; }
        echo "perpcore: fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$said") executions"
    done
    ;;
*) lacks "$what is none of check, book, pricing, incidents, sanitize, threads and fuzz" ;;
esac
