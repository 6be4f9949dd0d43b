package io.hadal.platform.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Samples;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

class QualityTest {
  private static final String VERSION = "flash@2026-01-01";
  private final Samples.StandingClock clock = new Samples.StandingClock();

  private QualitySample sample(String backend, int valid, int exact, @Nullable Double distance) {
    return new QualitySample(VERSION, backend, clock.instant(), 4, valid, 8, exact, distance, 0);
  }

  @OnBothDatabases
  void theLastSampleOfEachBackendCounts(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = new Registry(database, clock);
      registry.draft(Samples.routed("flash", "u"), "2026-01-01", "ann");
      QualityStore store = new QualityStore(database);
      store.save(sample("east", 4, 8, null));
      store.save(sample("west", 4, 8, 0.01));
      assertThat(store.suspects(VERSION, QualityOptions.DEFAULT)).isEmpty();
      clock.move(1000);
      store.save(sample("west", 1, 8, 0.01));
      store.save(sample("north", 4, 8, 0.9));
      store.save(sample("south", 4, 7, null));
      assertThat(store.suspects(VERSION, QualityOptions.DEFAULT))
          .extracting(QualityAlert::backend)
          .containsExactly("north", "west");
      // Alone it is the best one, but it was better before.
      clock.move(1000);
      for (String backend : List.of("east", "north", "south", "west")) {
        store.save(sample(backend, 1, 4, null));
      }
      assertThat(store.suspects(VERSION, QualityOptions.DEFAULT))
          .extracting(QualityAlert::detail)
          .hasSize(4)
          .allMatch(why -> why.contains("before 100 %"));
      assertThat(store.history(VERSION, 3)).hasSize(3);
      assertThat(store.versions()).containsExactly(VERSION);
      assertThat(store.last(VERSION)).hasSize(4).contains(sample("north", 1, 4, null));
      long now = clock.millis();
      assertThat(store.due("quality", now, Duration.ofHours(1))).isTrue();
      assertThat(store.due("quality", now + 1000, Duration.ofHours(1))).isFalse();
      assertThat(store.due("quality", now + 3_600_000, Duration.ofHours(1))).isTrue();
    }
  }
}
