package io.hadal.platform.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.audit.AuditKey;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditQuery;
import io.hadal.platform.audit.AuditVerifier;
import io.hadal.platform.audit.SteppedClock;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.tenancy.Actor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvelopeTest {
  private static final Actor ACTOR = new Actor("prn_1", "Ada", null, List.of(), "192.0.2.7");
  private static final byte[] TEXT = "the patient is well".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder = Path.of("");

  private static DataKeys keys(Database database, MasterKey master, MasterKey... previous) {
    SteppedClock clock = new SteppedClock();
    return new DataKeys(database, master, List.of(previous), new AuditLog(database, clock), clock);
  }

  private static MasterKey master(int fill) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) fill);
    return new MasterKey(bytes, "test");
  }

  private static String open(DataKeys keys, String org, String place, byte[] sealed) {
    try (ProtectedBody body = new Envelope(keys).open(org, place, sealed)) {
      return new String(body.bytes(), StandardCharsets.UTF_8);
    }
  }

  @OnBothDatabases
  void opensAtItsPlaceOnly(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      DataKeys keys = keys(database, master(1));
      Envelope envelope = new Envelope(keys);
      byte[] sealed = envelope.seal("org_a", "response/1", TEXT);
      assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("patient");
      assertThat(envelope.seal("org_a", "response/1", TEXT)).isNotEqualTo(sealed);
      assertThat(open(keys(database, master(1)), "org_a", "response/1", sealed))
          .isEqualTo("the patient is well");
      for (String place : List.of("response/2", "response/11", "")) {
        assertThatThrownBy(() -> envelope.open("org_a", place, sealed))
            .isInstanceOf(FormatException.class);
      }
      assertThatThrownBy(() -> envelope.open("org_b", "response/1", sealed))
          .isInstanceOf(FormatException.class);
      for (int i = 0; i < sealed.length; i++) {
        byte[] bad = sealed.clone();
        bad[i] ^= 1;
        assertThatThrownBy(() -> envelope.open("org_a", "response/1", bad))
            .as("byte " + i)
            .isInstanceOf(FormatException.class);
      }
      for (int length = 0; length < sealed.length; length += 7) {
        byte[] cut = Arrays.copyOf(sealed, length);
        assertThatThrownBy(() -> envelope.open("org_a", "response/1", cut))
            .isInstanceOf(FormatException.class);
      }
    }
  }

  @OnBothDatabases
  void rotationKeepsOldContentReadable(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      database.run(h -> h.execute("INSERT INTO org VALUES ('org_a', 'A', 'active', NULL, 1)"));
      DataKeys keys = keys(database, master(1));
      byte[] old = new Envelope(keys).seal("org_a", "p", TEXT);
      String id = keys.rotate(ACTOR, "org_a", "req_1");
      byte[] now = new Envelope(keys).seal("org_a", "p", TEXT);
      assertThat(new String(now, StandardCharsets.ISO_8859_1)).contains(id);
      assertThat(open(keys, "org_a", "p", old)).isEqualTo("the patient is well");
      assertThat(open(keys, "org_a", "p", now)).isEqualTo("the patient is well");
      assertThat(keys.states("org_a")).hasSize(2);
      assertThat(keys.states("org_a")).filteredOn(k -> k.retired() == 0).hasSize(1);
      assertThat(
              database.<String>read(
                  h -> h.createQuery("SELECT data_key_id FROM org").mapTo(String.class).one()))
          .isEqualTo(id);
    }
  }

  @OnBothDatabases
  void erasedKeysAreGone(DatabaseKind kind) throws IOException {
    DatabaseOptions options = TestDatabases.fresh(kind);
    String wrapped;
    try (Database database = Database.open(options)) {
      DataKeys keys = keys(database, master(1));
      byte[] sealed = new Envelope(keys).seal("org_a", "p", TEXT);
      byte[] other = new Envelope(keys).seal("org_b", "p", TEXT);
      wrapped =
          database.read(
              h ->
                  h.createQuery("SELECT wrapped FROM data_key WHERE org_id = 'org_a'")
                      .mapTo(String.class)
                      .one());
      assertThat(keys.erase(ACTOR, "org_a", null)).isEqualTo(1);
      assertThatThrownBy(() -> new Envelope(keys).open("org_a", "p", sealed))
          .hasMessageContaining("erased");
      assertThat(open(keys, "org_b", "p", other)).isEqualTo("the patient is well");
      assertThat(keys.states("org_a").getFirst().erased()).isPositive();
      // What comes later gets a new key.
      byte[] later = new Envelope(keys).seal("org_a", "p", TEXT);
      assertThat(open(keys, "org_a", "p", later)).isEqualTo("the patient is well");
      AuditLog log = new AuditLog(database, new SteppedClock());
      assertThat(log.search(AuditQuery.newest("org_a", 1)).getFirst().record())
          .contains("data_key.erase", "\"keys\":1")
          .doesNotContain(wrapped);
    }
    if (kind == DatabaseKind.SQLITE) {
      Path file = Path.of(options.url().substring("jdbc:sqlite:".length()));
      try (var files = Files.list(file.toAbsolutePath().getParent())) {
        for (Path one : files.toList()) {
          assertThat(Files.readString(one, StandardCharsets.ISO_8859_1))
              .as(one.toString())
              .doesNotContain(wrapped);
        }
      }
    }
  }

  @OnBothDatabases
  void masterKeysChange(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      byte[] sealed = new Envelope(keys(database, master(1))).seal("org_a", "p", TEXT);
      assertThatThrownBy(() -> open(keys(database, master(2)), "org_a", "p", sealed))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("master key");
      DataKeys both = keys(database, master(2), master(1));
      assertThat(open(both, "org_a", "p", sealed)).isEqualTo("the patient is well");
      assertThat(both.rewrap()).isEqualTo(1);
      assertThat(both.rewrap()).isZero();
      assertThat(open(keys(database, master(2)), "org_a", "p", sealed))
          .isEqualTo("the patient is well");
      database.run(h -> h.execute("UPDATE data_key SET org_id = 'org_b'"));
      assertThatThrownBy(() -> open(keys(database, master(2)), "org_b", "p", sealed))
          .hasMessageContaining("changed in the database");
      List<AuditKey> none = List.of();
      assertThat(new AuditVerifier(none).database(database, null).faults()).isEmpty();
    }
  }

  /** Two processes that start at once must not see half a key, nor make two. */
  @Test
  void aNewMasterKeyIsWholeForAllWhoOpenIt() {
    for (int round = 0; round < 50; round++) {
      Path file = folder.resolve("master" + round);
      assertThat(
              IntStream.range(0, 16).parallel().mapToObj(i -> MasterKey.open(file).id()).distinct())
          .hasSize(1);
    }
  }

  @Test
  void masterKeysComeFromReferences() throws IOException {
    Path file = folder.resolve("master.key");
    MasterKey made = MasterKey.open(file);
    assertThat(MasterKey.resolve("file:" + file, Map.of()).id()).isEqualTo(made.id());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(MasterKey.resolve("env:KEY", Map.of("KEY", "01".repeat(32))).id())
        .isEqualTo(master(1).id());
    String secret = Files.readString(file).strip();
    assertThat(made.toString()).doesNotContain(secret);
    for (String reference :
        List.of("env:NONE", "kms:x", "kms:none:x", "file:" + folder.resolve("none"))) {
      assertThatThrownBy(() -> MasterKey.resolve(reference, Map.of()))
          .isInstanceOf(FormatException.class);
    }
    assertThatThrownBy(() -> MasterKey.resolve("env:KEY", Map.of("KEY", "")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("not set");
    for (String bad : List.of("short", "zz".repeat(32), "AAAA")) {
      assertThatThrownBy(() -> MasterKey.resolve("env:KEY", Map.of("KEY", bad)))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("32 bytes")
          .hasMessageNotContaining("zz");
    }
  }

  @Test
  void bodiesDoNotShowThemselves() {
    ProtectedBody body = new ProtectedBody(TEXT.clone());
    assertThat(body).hasToString("[redacted 19 bytes]");
    assertThat(String.valueOf(List.of(body))).doesNotContain("patient");
    body.close();
    assertThat(body.bytes()).containsOnly(0);
  }
}
