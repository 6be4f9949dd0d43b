package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.ApiKey;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.Tenants;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal keys create}: a new key. */
@Command(
    name = "create",
    description = "Creates a key and prints its text, which is not kept anywhere else.")
final class KeysCreateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private PlatformOption platform = new PlatformOption();

  @Mixin private ProjectOption project = new ProjectOption();

  @Option(names = "--name", required = true, paramLabel = "NAME", description = "Its name.")
  private String name = "";

  @Option(names = "--test", description = "A key of the test environment.")
  private boolean test;

  @Option(
      names = "--scope",
      split = ",",
      paramLabel = "SCOPE",
      description =
          "What it may do: inference, models:read, usage:read, files, admin:*. Default:"
              + " inference,models:read.")
  private List<String> scopes = List.of();

  @Option(
      names = "--model",
      split = ",",
      paramLabel = "NAME",
      description = "Models it may use, * stands for anything. Default: all.")
  private List<String> models = List.of();

  @Option(
      names = "--address",
      split = ",",
      paramLabel = "CIDR",
      description = "Addresses it may be used from, such as 10.0.0.0/8. Default: all.")
  private List<String> addresses = List.of();

  @Mixin private KeyLimitOptions limits = new KeyLimitOptions();

  @Option(names = "--days", paramLabel = "N", description = "Days it is good for. Default: ever.")
  private @Nullable Integer days;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    if (days != null && (days < 1 || days > 36_500)) {
      throw new FormatException("--days " + days, "must be from 1 to 36500");
    }
    try (PlatformOption.Opened opened = platform.open(err);
        KeyStore keys = opened.keys()) {
      Tenants.Project owner = project.find(opened.database(), opened.clock());
      KeyTerms usual = KeyTerms.inference(name);
      KeyTerms terms =
          new KeyTerms(
              name,
              scopes.isEmpty() ? usual.scopes() : KeyTerms.scopes(scopes),
              models,
              addresses,
              limits.json().toString(),
              days == null ? null : opened.clock().millis() + Duration.ofDays(days).toMillis());
      KeyStore.Created created =
          opened
              .database()
              .together(
                  () -> {
                    KeyStore.Created made = keys.create(owner.id(), null, test, terms);
                    tell(opened.database(), made.key());
                    return made;
                  });
      err.println(
          "key "
              + created.key().id()
              + " of the project "
              + owner.slug()
              + "; its text is not shown again:");
      err.flush();
      spec.commandLine().getOut().println(created.text().reveal());
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
  }

  private static void tell(Database database, ApiKey key) {
    CommandAudit.tell(
        database,
        "key.create",
        "keys/" + key.id(),
        "project",
        key.project(),
        "name",
        key.name(),
        "scopes",
        String.join(" ", key.scopes().stream().map(Scope::text).sorted().toList()),
        "limits",
        key.limits());
  }
}
