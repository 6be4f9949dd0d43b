# Sourced by ./mvnw after find-jdk.sh: finds the installed Maven. POSIX sh, no side effects.
#
#   maven=$(find_maven) || exit
#
# prints the mvn command of the first Maven new enough of: MAVEN_HOME, M2_HOME, `mvn` on the PATH,
# the usual install folders.

hadal_maven_minimum=3.8
hadal_maven_hint="install Apache Maven $hadal_maven_minimum or newer (for example \`apt install maven\` or \`brew install maven\`)"

# Candidate folders, one a line. Tests replace this function.
maven_folders() {
  for folder in \
    /usr/share/maven* \
    /usr/local/*maven* \
    /opt/*maven* \
    /opt/homebrew/opt/maven/libexec \
    /usr/local/opt/maven/libexec \
    "${HOME:-/nonexistent}"/.sdkman/candidates/maven/* \
    "${HOME:-/nonexistent}"/.asdf/installs/maven/* \
    "${HOME:-/nonexistent}"/.local/share/mise/installs/maven/*; do
    if [ -f "$folder/bin/mvn" ]; then
      printf '%s\n' "$folder"
    fi
  done
}

# Version of the Maven at FOLDER by the name of its core library; empty when that does not say.
maven_version() {
  for core in "$1"/lib/maven-core-*.jar; do
    core=$(resolve_link "$core")
    core=${core##*/maven-core-}
    printf '%s\n' "${core%.jar}"
    return 0
  done
}

# True when COMMAND is a Maven new enough. Asks Maven itself only when its folder does not tell.
maven_fits() {
  [ -x "$1" ] || return 1
  real_command=$(resolve_link "$1")
  version=$(maven_version "${real_command%/bin/mvn}")
  case $version in
    [0-9]*.[0-9]*) ;;
    *)
      version=$("$1" --version 2>/dev/null) || return 1
      version=${version#*Apache Maven }
      ;;
  esac
  [ "$(version_number "$version")" -ge "$(version_number "$hadal_maven_minimum")" ]
}

find_maven() {
  for home in "${MAVEN_HOME:-}" "${M2_HOME:-}"; do
    if [ -n "$home" ] && maven_fits "$home/bin/mvn"; then
      printf '%s\n' "$home/bin/mvn"
      return 0
    fi
  done
  on_path=$(command -v mvn 2>/dev/null) || on_path=
  if [ -n "$on_path" ] && maven_fits "$on_path"; then
    printf '%s\n' "$on_path"
    return 0
  fi
  while IFS= read -r folder; do
    if [ -n "$folder" ] && maven_fits "$folder/bin/mvn"; then
      printf '%s\n' "$folder/bin/mvn"
      return 0
    fi
  done <<EOF
$(maven_folders)
EOF
  echo "hadal: no Maven $hadal_maven_minimum or newer found; $hadal_maven_hint" >&2
  return 1
}
