package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.keys.ApiKey;
import io.hadal.platform.keys.KeyFilter;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.tenancy.Page;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Scope;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal keys list}: the keys there are. */
@Command(name = "list", description = "Lists keys, without their secrets.")
final class KeysListCommand implements Callable<Integer> {
  private static final String ROW = "%-24s  %-16s  %-7s  %-20s  %-20s  %s%n";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (PlatformOption.Opened opened = platform.existing(spec.commandLine().getErr());
        KeyStore keys = opened.keys()) {
      long now = opened.clock().millis();
      out.printf(ROW, "ID", "PREFIX", "STATE", "CREATED", "LAST USED", "NAME (SCOPES)");
      KeyFilter all = new KeyFilter(Visible.EVERYTHING, null, null, null);
      String after = null;
      do {
        Page<ApiKey> page = keys.list(all, after, Page.MOST);
        for (ApiKey key : page.data()) {
          out.printf(
              ROW,
              key.id(),
              "sk-" + (key.test() ? "t" : "l") + "-" + key.kid(),
              key.state(now),
              time(key.createdAt()),
              time(key.lastUsedAt()),
              key.name()
                  + " ("
                  + String.join(",", key.scopes().stream().map(Scope::text).sorted().toList())
                  + ")");
        }
        after = page.next();
      } while (after != null);
      out.flush();
      return ExitCode.OK;
    }
  }

  private static String time(@Nullable Long millis) {
    return millis == null ? "-" : Instant.ofEpochSecond(millis / 1000).toString();
  }
}
