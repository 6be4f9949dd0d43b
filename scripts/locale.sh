# Sourced by ./hadal and ./mvnw. POSIX sh. Arguments and file names are decoded by the locale, and the
# C locale knows ASCII only: a checkout below a folder named in another script could not be built.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
  *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) ;;
  *)
    LC_ALL=C.UTF-8
    export LC_ALL
    ;;
esac
