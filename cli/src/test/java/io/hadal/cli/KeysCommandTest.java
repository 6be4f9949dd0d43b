package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.privacy.DataKeys;
import io.hadal.platform.privacy.MasterKey;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.PasswordHash;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.signin.SignIn;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Principals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysCommandTest {
  @TempDir private Path home = Path.of("");

  private Path data() {
    return home.resolve("data");
  }

  private Invocation hadal(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--data", data().toString()));
    return Invocation.hadal(all.toArray(String[]::new));
  }

  /** A pepper of its own would make keys that no server takes. */
  @Test
  void theCommandHasThePepperOfTheServers() throws Exception {
    // A slip in the folder's name makes no data anew.
    assertThat(hadal("keys", "list").err()).contains("no such database", "--data");
    assertThat(hadal("keys", "create", "--name", "one").exitCode()).isZero();
    hadal("keys", "list");
    Path pepper = Files.move(data().resolve("pepper"), home.resolve("elsewhere"));
    try (Database database = Database.open(DatabaseOptions.file(data().resolve("hadal.db")))) {
      database.run(h -> h.execute("DELETE FROM api_key"));
    }
    Invocation without = hadal("keys", "create", "--name", "two");
    assertThat(without.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(without.err()).contains("--pepper");
    assertThat(data().resolve("pepper")).doesNotExist();
    Invocation with = hadal("keys", "create", "--name", "two", "--pepper", "file:" + pepper);
    assertThat(with.exitCode()).as(with.err()).isZero();
    try (Database database = Database.open(DatabaseOptions.file(data().resolve("hadal.db")));
        KeyStore keys = new KeyStore(database, Pepper.file(pepper), Clock.systemUTC())) {
      assertThat(keys.authenticate(with.out().strip(), "127.0.0.1").key()).startsWith("key_");
    }
  }

  @Test
  void aKeyFromItsMakingToItsEnd() throws Exception {
    Invocation made =
        hadal(
            "keys",
            "create",
            "--name",
            "laptop",
            "--model",
            "deepseek-*,other",
            "--days",
            "30",
            "--rpm",
            "60",
            "--budget",
            "12.50");
    assertThat(made.exitCode()).as(made.err()).isZero();
    assertThat(made.err()).contains("'administrator'", "password", "not shown again");
    String text = made.out().strip();
    assertThat(text).matches("sk-l-[0-9a-z]{10}-\\S{44}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data())))
        .isEqualTo("rwx------");
    try (Database database = Database.open(DatabaseOptions.file(data().resolve("hadal.db")));
        KeyStore keys =
            new KeyStore(database, Pepper.file(data().resolve("pepper")), Clock.systemUTC())) {
      String id = keys.authenticate(text, "127.0.0.1").key();
      assertThat(Objects.requireNonNull(keys.get(id)).limits())
          .isEqualTo("{\"rpm\":60,\"budget_usd\":\"12.5\",\"budget_window\":\"month\"}");
      Invocation list = hadal("keys", "list");
      assertThat(list.out())
          .contains(id, "active", "laptop (inference,models:read)", text.substring(0, 15))
          .doesNotContain(text.substring(16));
      assertThat(list.err()).isEmpty();
      Invocation rotated = hadal("keys", "rotate", id, "--grace-hours", "0");
      assertThat(rotated.exitCode()).as(rotated.err()).isZero();
      Thread.sleep(1500);
      Assertions.assertThatThrownBy(() -> keys.authenticate(text, "127.0.0.1"))
          .isInstanceOf(Refusal.class);
      keys.authenticate(rotated.out().strip(), "127.0.0.1");
      assertThat(hadal("admin", "rotate-pepper").out()).contains("generation 2");
      assertThat(hadal("keys", "revoke", id).out()).contains("revoked laptop");
      assertThat(hadal("keys", "list").out()).contains("revoked");
    }
    Files.delete(data().resolve("pepper"));
    Invocation lost = hadal("keys", "create", "--name", "other");
    assertThat(lost.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(lost.err()).contains("pepper: no such file", "copy the pepper");
    assertThat(data().resolve("pepper")).doesNotExist();
  }

  @Test
  void slipsAreNamed() {
    assertThat(hadal("keys").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(hadal("keys", "create").err()).contains("--name");
    Invocation project = hadal("keys", "create", "--name", "x", "--project", "none");
    assertThat(project.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(project.err()).contains("--project none");
    assertThat(hadal("keys", "create", "--name", "x", "--scope", "all").err()).contains("admin:*");
    assertThat(hadal("keys", "create", "--name", "x", "--address", "home").err())
        .contains("IPv4 or IPv6");
    assertThat(hadal("keys", "create", "--name", "x", "--days", "0").err()).contains("--days");
    assertThat(hadal("keys", "revoke", "key_none").err()).contains("no such key");
    assertThat(hadal("keys", "rotate", "key_none", "--grace-hours", "721").err())
        .contains("30 days");
    Invocation db = hadal("keys", "list", "--db", "mysql://x");
    assertThat(db.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(db.err()).contains("jdbc:postgresql:");
    assertThat(hadal("keys", "create", "--help").out()).contains("--address", "--scope");
  }

  @Test
  void dataKeysGetAnotherMasterKey() throws Exception {
    assertThat(hadal("admin", "reset-password").exitCode()).isZero();
    Path file = data().resolve("master.key");
    assertThat(hadal("admin", "rotate-master-key").err()).contains("master.key: there is no such");
    MasterKey first = MasterKey.open(file);
    String made;
    try (Database database = Database.open(DatabaseOptions.file(data().resolve("hadal.db")))) {
      AuditLog audit = new AuditLog(database, Clock.systemUTC());
      String org =
          database.read(h -> h.createQuery("SELECT id FROM org").mapTo(String.class).one());
      made =
          new DataKeys(database, first, List.of(), audit, Clock.systemUTC())
              .rotate(Actor.nobody("127.0.0.1"), org, null);
    }
    assertThat(made).startsWith("dek_");
    Invocation rotated = hadal("admin", "rotate-master-key");
    assertThat(rotated.out()).as(rotated.err()).contains("1 data keys have the new master key");
    assertThat(MasterKey.open(file).id()).isNotEqualTo(first.id());
    assertThat(MasterKey.open(data().resolve("master.key.previous")).id()).isEqualTo(first.id());
    assertThat(data().resolve("master.key.next")).doesNotExist();
    for (String name : List.of("master.key", "master.key.previous")) {
      assertThat(Files.getPosixFilePermissions(data().resolve(name)))
          .as(name)
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
    Invocation back =
        hadal(
            "admin",
            "rotate-master-key",
            "--from",
            "file:" + file,
            "--to",
            "file:" + data().resolve("master.key.previous"));
    assertThat(back.out()).as(back.err()).contains("1 data keys");
    assertThat(hadal("admin", "rotate-master-key", "--from", "env:X").err()).contains("--to");
  }

  @Test
  void theAdministratorGetsBackIn() {
    Invocation first = hadal("admin", "reset-password");
    assertThat(first.exitCode()).as(first.err()).isZero();
    Invocation second = hadal("admin", "reset-password");
    assertThat(second.out()).isNotEqualTo(first.out());
    Clock clock = Clock.systemUTC();
    try (Database database = Database.open(DatabaseOptions.file(data().resolve("hadal.db")));
        SignIn signIn =
            new SignIn(
                new Principals(database, clock),
                new Sessions(database, clock),
                new BreakGlass(database, new PasswordHash(1000), clock),
                null,
                true,
                new byte[32],
                clock)) {
      SecretText password = new SecretText(second.out().strip());
      assertThat(signIn.password(BreakGlass.NAME, password, "127.0.0.1").token().reveal())
          .isNotEmpty();
    }
  }
}
