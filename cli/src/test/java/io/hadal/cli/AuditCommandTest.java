package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.Checkpoints;
import io.hadal.platform.audit.SigningKey;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditCommandTest {
  @TempDir private Path folder = Path.of("");

  private String data(String... statements) {
    Path file = folder.resolve("hadal.db");
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      AuditLog log = new AuditLog(database, Clock.systemUTC());
      for (int i = 0; i < 3; i++) {
        log.append(AuditEntry.system("org_a", "thing.change", "thing:" + i, null));
      }
      SigningKey key = SigningKey.open(folder.resolve("audit.key"));
      new Checkpoints(database, key, folder.resolve("audit-checkpoints.jsonl"), Clock.systemUTC())
          .signAll();
      database.run(
          handle -> {
            for (String statement : statements) {
              handle.execute(statement);
            }
          });
    }
    return folder.toString();
  }

  @Test
  void commandsThatChangeSomethingAreEvents() throws IOException {
    String data = folder.resolve("commands").toString();
    Invocation key = Invocation.hadal("keys", "create", "--name", "laptop", "--data", data);
    assertThat(key.exitCode()).as(key.err()).isZero();
    String[] topup = {"ledger", "topup", "default", "25", "--ref", "inv-1", "--data", data};
    assertThat(Invocation.hadal(topup).exitCode()).isZero();
    String file = folder.resolve("commands.jsonl").toString();
    SigningKey.open(Path.of(data, "audit.key"));
    Invocation export = Invocation.hadal("audit", "export", file, "--data", data);
    assertThat(export.exitCode()).as(export.err()).isZero();
    String text = Files.readString(Path.of(file));
    assertThat(text).contains("inv-1").doesNotContain(key.out().strip().substring(16));
    // What belongs to an organisation is in its chain.
    assertThat(
            text.lines()
                .filter(line -> line.contains("\"type\":\"event\""))
                .filter(line -> !line.contains("audit.export")))
        .hasSize(2)
        .allMatch(line -> line.contains("\"chain\":\"org_"))
        .anyMatch(line -> line.contains("\"action\":\"key.create\""))
        .anyMatch(line -> line.contains("\"action\":\"balance.topup\""));
    // Without its event there is no change.
    try (Database database =
        Database.open(DatabaseOptions.file(Path.of(data).resolve("hadal.db")))) {
      database.run(
          handle ->
              handle.execute(
                  "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT,"
                      + " 'full'); END"));
    }
    assertThat(Invocation.hadal("keys", "create", "--name", "x", "--data", data).exitCode())
        .isNotZero();
    assertThat(
            Invocation.hadal("keys", "list", "--data", data)
                .out()
                .lines()
                .filter(k -> k.contains("key_")))
        .hasSize(1);
  }

  @Test
  void exportsVerifyWithThePublicKeyOnly() throws IOException {
    String data = data();
    String file = folder.resolve("export.jsonl").toString();
    Invocation export = Invocation.hadal("audit", "export", file, "--data", data);
    assertThat(export.exitCode()).as(export.err()).isZero();
    assertThat(export.out()).contains("4 events");
    Invocation pem = Invocation.hadal("audit", "public-key", "--data", data);
    Path key = folder.resolve("public.pem");
    Files.writeString(key, pem.out());
    Invocation verify = Invocation.hadal("audit", "verify", file, "--public-key", key.toString());
    assertThat(verify.exitCode()).as(verify.out() + verify.err()).isZero();
    assertThat(verify.out()).contains("ok, 2 chains, 4 events, 1 checkpoints");
    String text = Files.readString(Path.of(file));
    Files.writeString(Path.of(file), text.replace("thing:1", "thing:7"));
    verify = Invocation.hadal("audit", "verify", file, "--public-key", key.toString());
    assertThat(verify.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(verify.out()).contains("DAMAGED", "chain org_a, event 2:");
  }

  @Test
  void databasesAreVerified() {
    String good = data();
    Invocation verify = Invocation.hadal("audit", "verify", "--data", good);
    assertThat(verify.exitCode()).as(verify.out() + verify.err()).isZero();
    assertThat(verify.out()).contains("ok, 1 chains, 3 events, 1 checkpoints");
    String bad =
        data("DROP TRIGGER audit_event_no_delete", "DELETE FROM audit_event WHERE seq >= 5");
    verify = Invocation.hadal("audit", "verify", "--data", bad);
    assertThat(verify.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(verify.out()).contains("chain org_a, event 5: missing");
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    Invocation none = Invocation.hadal("audit", "verify", "--data", folder.toString());
    assertThat(none.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("--public-key");
    SigningKey.open(folder.resolve("audit.key"));
    none = Invocation.hadal("audit", "verify", "--data", folder.toString());
    assertThat(none.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("hadal.db", "no such database");
    assertThat(folder.resolve("hadal.db")).doesNotExist();
  }

  @Test
  void redactTriesDetectors() throws IOException {
    Path file = folder.resolve("text");
    Files.writeString(file, "Zeus wrote from ada@example.org about ABC-1234.\n");
    Invocation mask = Invocation.hadal("redact", file.toString());
    assertThat(mask.exitCode()).as(mask.err()).isZero();
    assertThat(mask.out()).isEqualTo("Zeus wrote from [EMAIL] about ABC-1234.\n");
    assertThat(mask.err()).contains("found EMAIL=1");
    Path words = folder.resolve("words");
    Files.writeString(words, "zeus\n\n");
    Invocation own =
        Invocation.hadal(
            "redact",
            file.toString(),
            "--mode",
            "pseudonymise",
            "--pattern",
            "TICKET=ABC-\\d+",
            "--words",
            "NAME=" + words);
    assertThat(own.out()).isEqualTo("<NAME_1> wrote from <EMAIL_1> about <TICKET_1>.\n");
    Invocation block = Invocation.hadal("redact", file.toString(), "--mode", "block");
    assertThat(block.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(block.err()).contains("EMAIL").doesNotContain("ada@");
    assertThat(Invocation.hadal("redact", file.toString(), "--mode", "x").exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(Invocation.hadal("redact", file.toString(), "--pattern", "A=(").err())
        .contains("pattern A");
  }
}
