package io.hadal.platform.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An exported file verifies by itself, and each way to falsify it is found. */
class AuditExportTest {
  @TempDir private Path folder = Path.of("");

  private Path export(AuditFixture fixture) throws IOException {
    fixture.append("org_a", 1, 3);
    fixture.checkpoints.signAll();
    fixture.append("org_a", 4, 6);
    return write(fixture);
  }

  private Path write(AuditFixture fixture) throws IOException {
    Path file = folder.resolve("export.jsonl");
    try (OutputStream out = Files.newOutputStream(file)) {
      new AuditExport(fixture.database, fixture.key, fixture.clock)
          .write(fixture.log.chains(), out);
    }
    return file;
  }

  @OnBothDatabases
  void verifiesOffline(DatabaseKind kind) throws IOException {
    Path file;
    AuditKey key;
    try (AuditFixture fixture = new AuditFixture(kind)) {
      file = export(fixture);
      Path pem = folder.resolve("public.pem");
      Files.writeString(pem, fixture.key.publicKey().pem());
      key = AuditKey.read(pem);
    }
    AuditReport report = new AuditVerifier(List.of(key)).file(file);
    assertThat(report.faults()).isEmpty();
    assertThat(report.events()).isEqualTo(12);
    assertThat(report.checkpoints()).isEqualTo(2);
  }

  @Test
  void emptyLinesAtTheEndAreNoDamage() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      Path file = export(fixture);
      String text = Files.readString(file);
      AuditVerifier verifier = new AuditVerifier(List.of(fixture.key.publicKey()));
      Files.writeString(file, text + "\n  \r\n\n");
      assertThat(verifier.file(file).faults()).isEmpty();
      int middle = text.indexOf('\n', text.length() / 2);
      Files.writeString(file, text.substring(0, middle) + "\n" + text.substring(middle));
      assertThat(verifier.file(file).faults())
          .singleElement()
          .asString()
          .contains("is empty: the file was changed");
      Files.writeString(file, text + "\n\n{}\n");
      assertThat(verifier.file(file).faults()).isNotEmpty();
    }
  }

  @Test
  void everyFlippedByteIsFound() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      Path file = export(fixture);
      byte[] good = Files.readAllBytes(file);
      // Steps that meet every kind of place; each flip verifies the whole file.
      for (int i = 0; i < good.length; i += i < 400 ? 5 : 83) {
        byte[] bad = good.clone();
        bad[i] ^= (byte) (1 << (i % 8));
        Files.write(file, bad);
        assertThat(found(fixture, file)).as("byte " + i).isTrue();
      }
    }
  }

  private static boolean found(AuditFixture fixture, Path file) throws IOException {
    try {
      return !fixture.verifier.file(file).ok();
    } catch (FormatException e) {
      // The header is no header any more.
      return true;
    }
  }

  private AuditFault first(AuditFixture fixture, Path file, List<String> lines) throws IOException {
    Files.write(file, lines, StandardCharsets.UTF_8);
    List<AuditFault> faults = fixture.verifier.file(file).faults();
    assertThat(faults).isNotEmpty();
    return faults.getFirst();
  }

  @Test
  void missingMovedAndAddedLinesAreFound() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      Path file = export(fixture);
      List<String> good = Files.readAllLines(file);
      // Header, checkpoint, six events of org_a; checkpoint, six events of system; end.
      assertThat(good).hasSize(16);

      List<String> lines = new ArrayList<>(good);
      lines.remove(5);
      AuditFault fault = first(fixture, file, lines);
      assertThat(fault.chain()).isEqualTo("org_a");
      assertThat(fault.seq()).isEqualTo(4);

      lines = new ArrayList<>(good);
      Collections.swap(lines, 3, 4);
      assertThat(first(fixture, file, lines).seq()).isEqualTo(2);

      lines = new ArrayList<>(good);
      lines.add(4, good.get(3));
      fault = first(fixture, file, lines);
      assertThat(fault.seq()).isEqualTo(3);
      assertThat(fault.why()).contains("out of order");

      for (int tail = 1; tail < 15; tail++) {
        fault = first(fixture, file, good.subList(0, good.size() - tail));
        assertThat(fault.why()).contains("missing");
      }

      // The tail of a chain, but not the end.
      lines = new ArrayList<>(good);
      lines.remove(14);
      fault = first(fixture, file, lines);
      assertThat(fault.chain()).isEqualTo("system");
      assertThat(fault.seq()).isEqualTo(6);

      lines = new ArrayList<>(good);
      lines.add(good.get(14));
      assertThat(first(fixture, file, lines).why()).contains("behind the last line");

      Files.write(file, good);
      assertThat(fixture.verifier.file(file).ok()).isTrue();
    }
  }

  @Test
  void whatOthersSignedIsForged() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      Path file = export(fixture);
      AuditKey other = SigningKey.open(folder.resolve("other.key")).publicKey();
      AuditReport report = new AuditVerifier(List.of(other)).file(file);
      assertThat(report.faults()).extracting(AuditFault::why).anyMatch(w -> w.contains("forged"));
      assertThat(report.faults())
          .extracting(AuditFault::why)
          .anyMatch(w -> w.contains("not signed by a known key"));
    }
  }

  @Test
  void erasedValuesAreMissingAndNoFault() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      export(fixture);
      fixture.database.run(
          handle -> fixture.log.erasePersonalValues(handle, "org_a", Long.MAX_VALUE));
      Path file = write(fixture);
      assertThat(fixture.verifier.file(file).faults()).isEmpty();
      assertThat(Files.readAllLines(file).get(3)).contains("\"clear\":{}").doesNotContain("Ada");
    }
  }

  @Test
  void changedRecordIsExportedAsItIsAndFound() throws IOException {
    try (AuditFixture fixture = new AuditFixture(DatabaseKind.SQLITE)) {
      export(fixture);
      fixture.withoutTriggers(
          "UPDATE audit_event SET record = replace(record, 'thing:2', 'thing:9')"
              + " WHERE chain = 'org_a' AND seq = 2");
      List<AuditFault> faults = fixture.verifier.file(write(fixture)).faults();
      assertThat(faults.getFirst().seq()).isEqualTo(2);
    }
  }

  @Test
  void keysAreForTheirOwnerOnly() throws IOException {
    Path file = folder.resolve("keys/audit.key");
    SigningKey made = SigningKey.open(file);
    assertThat(SigningKey.open(file).publicKey().id()).isEqualTo(made.publicKey().id());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(made.toString()).isEqualTo("SigningKey[" + made.publicKey().id() + "]");

    String other = Files.readString(file);
    SigningKey.open(folder.resolve("second.key"));
    String mixed =
        other.substring(0, other.indexOf("-----BEGIN PUBLIC"))
            + AuditKey.read(folder.resolve("second.key")).pem();
    Files.writeString(file, mixed);
    assertThatThrownBy(() -> SigningKey.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("do not belong together");
    Files.writeString(file, "nothing");
    assertThatThrownBy(() -> SigningKey.open(file)).hasMessageContaining("PUBLIC KEY");
  }

  @Test
  void otherFilesAreNoExports() throws IOException {
    AuditVerifier verifier =
        new AuditVerifier(List.of(SigningKey.open(folder.resolve("audit.key")).publicKey()));
    Path file = folder.resolve("other");
    for (String text : List.of("", "hello\n", "{}\n", "{\"format\":\"hadal-audit\"}\n")) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> verifier.file(file)).isInstanceOf(FormatException.class);
    }
  }
}
