# Sourced by ./hadal, ./mvnw and .ci/run: finds the JDK to use. POSIX sh, no side effects.
#
#   jdk=$(find_jdk) || exit
#
# prints the folder of the first suitable JDK of: HADAL_JAVA_HOME, JAVA_HOME, `java` on the PATH,
# the usual install folders. An unsuitable HADAL_JAVA_HOME is an error, since somebody asked for it.
# JDKs are judged by their `release` file; none is started.

hadal_jdk_minimum=25.0.3
hadal_jdk_hint="install a JDK 25, $hadal_jdk_minimum or newer (for example Eclipse Temurin 25), or set HADAL_JAVA_HOME to one"

# Candidate folders, one a line. Tests replace this function.
jdk_folders() {
  for folder in \
    /usr/lib/jvm/* \
    /usr/lib64/jvm/* \
    /usr/java/* \
    /opt/* \
    /opt/java/* \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-/nonexistent}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* \
    "${HOME:-/nonexistent}"/.jdks/* \
    "${HOME:-/nonexistent}"/.asdf/installs/java/* \
    "${HOME:-/nonexistent}"/.local/share/mise/installs/java/*; do
    if [ -f "$folder/release" ]; then
      printf '%s\n' "$folder"
    fi
  done
}

# resolve_link FILE: the file behind a chain of symbolic links.
resolve_link() {
  resolved=$1
  hops=0
  while [ -L "$resolved" ] && [ "$hops" -lt 40 ]; do
    target=$(readlink "$resolved") || break
    case $target in
      /*) resolved=$target ;;
      *) resolved=${resolved%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
  printf '%s\n' "$resolved"
}

# version_number TEXT: 25.0.3 -> 25000003, so that versions compare as numbers; 0 for no version.
version_number() {
  digits=${1%%[!0-9.]*}
  case $digits in
    [0-9]*) ;;
    *) digits=0 ;;
  esac
  old_ifs=$IFS
  IFS=.
  # Splitting at the dots is the point.
  # shellcheck disable=SC2086
  set -- $digits
  IFS=$old_ifs
  echo $(( ${1:-0} * 1000000 + ${2:-0} * 1000 + ${3:-0} ))
}

# Reads FOLDER/release into jdk_version and jdk_modules (empty when there is no such file).
read_release() {
  jdk_version=
  jdk_modules=
  [ -r "$1/release" ] || return 1
  while IFS='=' read -r key value || [ -n "$key" ]; do
    value=${value#\"}
    value=${value%\"}
    case $key in
      JAVA_VERSION) jdk_version=$value ;;
      MODULES) jdk_modules=" $value " ;;
    esac
  done <"$1/release"
}

# Why FOLDER is no JDK for Hadal, into jdk_problem; empty when it is one.
check_jdk() {
  jdk_problem=
  if ! read_release "$1" || [ -z "$jdk_version" ]; then
    jdk_problem="has no release file with a JAVA_VERSION"
  elif [ "$(version_number "$jdk_version")" -lt "$(version_number "$hadal_jdk_minimum")" ]; then
    jdk_problem="is Java $jdk_version"
  elif [ ! -x "$1/bin/java" ]; then
    jdk_problem="has no bin/java"
  elif [ ! -x "$1/bin/javac" ]; then
    jdk_problem="is a runtime without a compiler"
  else
    case $jdk_modules in
      "" | *" jdk.incubator.vector "*) ;;
      *) jdk_problem="lacks the module jdk.incubator.vector" ;;
    esac
  fi
  [ -z "$jdk_problem" ]
}

find_jdk() {
  if [ -n "${HADAL_JAVA_HOME:-}" ]; then
    if check_jdk "$HADAL_JAVA_HOME"; then
      printf '%s\n' "$HADAL_JAVA_HOME"
      return 0
    fi
    echo "hadal: HADAL_JAVA_HOME=$HADAL_JAVA_HOME $jdk_problem; $hadal_jdk_hint" >&2
    return 1
  fi
  if [ -n "${JAVA_HOME:-}" ] && check_jdk "$JAVA_HOME"; then
    printf '%s\n' "$JAVA_HOME"
    return 0
  fi
  on_path=$(command -v java 2>/dev/null) || on_path=
  if [ -n "$on_path" ]; then
    on_path=$(resolve_link "$on_path")
    on_path=${on_path%/bin/java}
    if check_jdk "$on_path"; then
      printf '%s\n' "$on_path"
      return 0
    fi
  fi
  # Of the installed ones: the oldest feature release (25 is the tested one), its newest update.
  best=
  best_feature=0
  best_number=0
  while IFS= read -r folder; do
    if [ -n "$folder" ] && check_jdk "$folder"; then
      number=$(version_number "$jdk_version")
      feature=$((number / 1000000))
      if [ -z "$best" ] || [ "$feature" -lt "$best_feature" ] ||
        { [ "$feature" -eq "$best_feature" ] && [ "$number" -gt "$best_number" ]; }; then
        best=$folder
        best_feature=$feature
        best_number=$number
      fi
    fi
  done <<EOF
$(jdk_folders)
EOF
  if [ -n "$best" ]; then
    printf '%s\n' "$best"
    return 0
  fi
  echo "hadal: no JDK $hadal_jdk_minimum or newer found (older ones miscompile vector code); $hadal_jdk_hint" >&2
  return 1
}
