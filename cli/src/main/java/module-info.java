/** The {@code hadal} command. */
module io.hadal.cli {
  requires info.picocli;
  requires io.hadal.engine;
  requires io.hadal.platform;
  requires io.hadal.server;
  requires io.hadal.train;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  requires jdk.unsupported;
  requires static org.jspecify;

  opens io.hadal.cli to
      info.picocli;
  opens io.hadal.cli.platform to
      info.picocli;
  opens io.hadal.cli.terminal to
      info.picocli;
}
