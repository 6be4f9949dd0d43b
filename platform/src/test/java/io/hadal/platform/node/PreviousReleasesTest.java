package io.hadal.platform.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.platform.DataFolder;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.Verification;
import io.hadal.platform.usage.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What earlier releases wrote is opened by this one (platform.md 6, test 18): the schema is brought
 * up to date, the books and the audit log verify, keys work, and requests go on.
 */
class PreviousReleasesTest {
  /** Folders of resources, each with the data of a release; see CONTRIBUTING.md. */
  private static final List<String> RELEASES = List.of("0.1.0-platform");

  @TempDir private Path temp = Path.of("");

  @OnBothDatabases
  void isOpened(DatabaseKind kind) throws Exception {
    for (String release : RELEASES) {
      DataFolder data = new DataFolder(temp.resolve(release + "-" + kind));
      Properties facts = new Properties();
      try (InputStream in = resource(release + "/facts.properties")) {
        facts.load(in);
      }
      PlatformOptions options =
          ReleaseData.options(data, unpack(release, kind, data.create().path()));
      String prefix = kind == DatabaseKind.SQLITE ? "sqlite." : "postgresql.";
      try (Platform platform = Platform.open(options, line -> {})) {
        holds(platform, facts, prefix);
        goesOn(platform, facts, prefix);
      }
    }
  }

  private static void holds(Platform platform, Properties facts, String prefix) {
    String project = facts.getProperty(prefix + "project");
    assertThat(platform.firstPassword()).isNull();
    Verification books = new LedgerVerifier(platform.database()).verify();
    assertThat(books.fault()).isNull();
    assertThat(books.transactions()).isEqualTo(number(facts, prefix + "transactions"));
    assertThat(platform.ledger().balance(project).prepaid())
        .isEqualTo(number(facts, prefix + "prepaid_nano"));
    var audit = platform.auditSchedule().verify();
    assertThat(audit.faults()).isEmpty();
    assertThat(audit.events()).isGreaterThanOrEqualTo(number(facts, prefix + "audit"));
    assertThat(audit.checkpoints()).isPositive();
    for (String key : List.of("key", "rotated")) {
      assertThat(
              platform.keys().authenticate(facts.getProperty(prefix + key), "127.0.0.1").project())
          .isEqualTo(project);
    }
    assertThatThrownBy(
            () -> platform.keys().authenticate(facts.getProperty(prefix + "revoked"), "127.0.0.1"))
        .isInstanceOf(Refusal.class);
    assertThat(Objects.requireNonNull(platform.tenants().project(project)).policy().zdr()).isTrue();
    assertThat(platform.limits().find("lim_release")).isNotNull();
    assertThat(platform.budgets().find("bud_release")).isNotNull();
    assertThat(platform.registry().version(ReleaseData.VERSION)).isPresent();
    assertThat(platform.registry().aliases()).anyMatch(a -> a.name().equals("assistant"));
    assertThat(platform.rollouts().list()).hasSize(1);
    assertThat(platform.dataKeys().states(facts.getProperty(prefix + "org"))).isNotEmpty();
  }

  private static void goesOn(Platform platform, Properties facts, String prefix)
      throws InterruptedException {
    String key = facts.getProperty(prefix + "key");
    long cost = ReleaseData.request(platform, key, "req_later", Outcome.COMPLETED);
    // 400 tokens at 0.15, 600 from the cache at 0.003, 60 at 0.6 USD a million.
    assertThat(cost).isEqualTo(97_800);
    assertThat(platform.journal().flush(Duration.ofSeconds(30))).isTrue();
    assertThat(platform.ledger().balance(facts.getProperty(prefix + "project")).prepaid())
        .isEqualTo(number(facts, prefix + "prepaid_nano") - cost);
    assertThat(new LedgerVerifier(platform.database()).verify().fault()).isNull();
  }

  private static long number(Properties facts, String name) {
    return Long.parseLong(facts.getProperty(name));
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(PreviousReleasesTest.class.getResourceAsStream(name), name);
  }

  private static DatabaseOptions unpack(String release, DatabaseKind kind, Path folder)
      throws Exception {
    String name = kind == DatabaseKind.SQLITE ? "sqlite.zip" : "postgresql.zip";
    try (ZipInputStream in = new ZipInputStream(resource(release + "/" + name))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        Files.write(folder.resolve(entry.getName()), in.readAllBytes());
      }
    }
    if (kind == DatabaseKind.SQLITE) {
      return DatabaseOptions.file(folder.resolve("hadal.db"));
    }
    DatabaseOptions fresh = TestDatabases.empty(kind);
    try (Connection connection =
            DriverManager.getConnection(fresh.url(), fresh.user(), fresh.password());
        var statement = connection.createStatement();
        InputStream dump = new GZIPInputStream(resource(release + "/postgresql.sql.gz"))) {
      statement.execute(new String(dump.readAllBytes(), StandardCharsets.UTF_8));
    }
    return fresh;
  }

  /** Writes the data of this release: {@code -Dhadal.release=FOLDER}; it needs pg_dump. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.release", matches = ".+")
  void isWritten() throws Exception {
    Path out = Files.createDirectories(Path.of(System.getProperty("hadal.release", "")));
    Properties facts = new Properties();
    for (DatabaseKind kind : DatabaseKind.values()) {
      String name = kind == DatabaseKind.SQLITE ? "sqlite" : "postgresql";
      DataFolder data = new DataFolder(temp.resolve(name)).create();
      DatabaseOptions database =
          kind == DatabaseKind.SQLITE
              ? DatabaseOptions.file(data.path().resolve("hadal.db"))
              : TestDatabases.empty(kind);
      ReleaseData.fill(ReleaseData.options(data, database))
          .forEach((key, value) -> facts.setProperty(name + "." + key, value.toString()));
      if (kind == DatabaseKind.POSTGRESQL) {
        dump(database, out.resolve("postgresql.sql.gz"));
      }
      try (Stream<Path> files = Files.list(data.path());
          ZipOutputStream zip =
              new ZipOutputStream(Files.newOutputStream(out.resolve(name + ".zip")))) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          zip.putNextEntry(new ZipEntry(Objects.toString(file.getFileName())));
          Files.copy(file, zip);
        }
      }
    }
    List<String> lines = new ArrayList<>();
    facts.forEach((key, value) -> lines.add(key + "=" + value));
    Files.write(out.resolve("facts.properties"), lines.stream().sorted().toList());
  }

  private static void dump(DatabaseOptions database, Path file)
      throws IOException, InterruptedException {
    URI uri = URI.create(database.url().substring("jdbc:".length()));
    Process process =
        new ProcessBuilder(
                "pg_dump",
                "--inserts",
                "--no-owner",
                "--no-privileges",
                "--no-comments",
                "-h",
                uri.getHost(),
                "-p",
                Integer.toString(uri.getPort()),
                "-U",
                Objects.toString(database.user()),
                uri.getPath().substring(1))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String sql = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("pg_dump failed");
    }
    // Lines of psql's own are not SQL.
    List<String> lines = sql.lines().filter(line -> !line.startsWith("\\")).toList();
    try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(file))) {
      gzip.write(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }
  }
}
