/** The {@code hadal} command. */
module io.hadal.cli {
  requires io.hadal.engine;
  requires info.picocli;
  requires static org.jspecify;
}
