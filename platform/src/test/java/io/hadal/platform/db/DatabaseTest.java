package io.hadal.platform.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
  @OnBothDatabases
  void writesAllOrNothing(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      database.run(h -> h.execute("INSERT INTO org VALUES ('o1', 'one', 'active', NULL, 1)"));
      assertThatThrownBy(
              () ->
                  database.run(
                      h -> {
                        h.execute("INSERT INTO org VALUES ('o2', 'two', 'active', NULL, 1)");
                        throw new IllegalStateException("stop");
                      }))
          .hasMessage("stop");
      assertThat(
              database.<Integer>read(
                  h -> h.createQuery("SELECT count(*) FROM org").mapTo(Integer.class).one()))
          .isEqualTo(1);
    }
  }

  @OnBothDatabases
  void severalChangesAreOne(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      assertThatThrownBy(
              () ->
                  database.<Integer>together(
                      () -> {
                        database.run(
                            h -> h.execute("INSERT INTO org VALUES ('o', 'o', 'active', NULL, 1)"));
                        assertThat(orgs(database)).isEqualTo(1);
                        throw new IllegalStateException("stop");
                      }))
          .hasMessage("stop");
      assertThat(orgs(database)).isZero();
      int seen =
          database.<Integer>together(
              () -> {
                database.run(
                    h -> h.execute("INSERT INTO org VALUES ('o', 'o', 'active', NULL, 1)"));
                return orgs(database);
              });
      assertThat(seen).isEqualTo(orgs(database)).isEqualTo(1);
    }
  }

  @OnBothDatabases
  void whatComesAfterAChangeWaitsForIt(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      List<Integer> seen = new ArrayList<>();
      Runnable look = () -> seen.add(orgs(database));
      database.afterwards(look);
      assertThat(seen).containsExactly(0);
      database.<Integer>together(
          () -> {
            database.run(h -> h.execute("INSERT INTO org VALUES ('o', 'o', 'active', NULL, 1)"));
            database.afterwards(
                () -> {
                  throw new IllegalStateException("only told");
                });
            database.<Integer>together(
                () -> {
                  database.afterwards(look);
                  return 0;
                });
            return seen.size();
          });
      assertThat(seen).containsExactly(0, 1);
      assertThatThrownBy(
              () ->
                  database.<Integer>together(
                      () -> {
                        database.afterwards(look);
                        throw new IllegalStateException("stop");
                      }))
          .hasMessage("stop");
      assertThat(seen).hasSize(2);
    }
  }

  private static int orgs(Database database) {
    return database.<Integer>read(
        h -> h.createQuery("SELECT count(*) FROM org").mapTo(Integer.class).one());
  }

  @OnBothDatabases
  void manyWritersLoseNothing(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind)) {
      database.run(h -> h.execute("INSERT INTO org VALUES ('o', '0', 'active', NULL, 0)"));
      try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
        for (int t = 0; t < 8; t++) {
          threads.submit(
              () -> {
                for (int i = 0; i < 25; i++) {
                  database.run(
                      h -> h.execute("UPDATE org SET created_at = created_at + 1 WHERE id = 'o'"));
                }
              });
        }
      }
      assertThat(
              database.<Long>read(
                  h -> h.createQuery("SELECT created_at FROM org").mapTo(Long.class).one()))
          .isEqualTo(200);
    }
  }

  @Test
  void opensAgain(@TempDir Path folder) {
    DatabaseOptions options = DatabaseOptions.file(folder.resolve("a.db"));
    try (Database database = Database.open(options)) {
      database.run(h -> h.execute("INSERT INTO org VALUES ('o1', 'one', 'active', NULL, 1)"));
    }
    try (Database database = Database.open(options)) {
      assertThat(
              database.<String>read(
                  h -> h.createQuery("SELECT name FROM org").mapTo(String.class).one()))
          .isEqualTo("one");
    }
  }

  @Test
  void saysWhatIsWrong(@TempDir Path folder) throws Exception {
    assertThatThrownBy(() -> Database.open(new DatabaseOptions("jdbc:other:x", null, null, 1)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("jdbc:sqlite:");
    Path file = folder.resolve("no.db");
    Files.writeString(file, "this is no database, and long enough to be taken for a header of one");
    assertThatThrownBy(() -> Database.open(DatabaseOptions.file(file)))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining("hadal admin restore");
  }
}
