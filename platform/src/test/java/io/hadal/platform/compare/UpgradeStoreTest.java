package io.hadal.platform.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.compare.UpgradeStore.State;
import io.hadal.platform.compare.UpgradeStore.Stored;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.registry.Samples;
import io.hadal.platform.rollout.Observation.Check;
import java.util.List;

class UpgradeStoreTest {
  private final Samples.StandingClock clock = new Samples.StandingClock();

  @OnBothDatabases
  void reportsComeBackAsTheyWereWritten(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      UpgradeStore store = new UpgradeStore(database, clock);
      assertThat(store.find("upg_none")).isEmpty();
      String first = store.begin("m@1", "m@2", "prj_1", 2, "ann");
      Stored begun = store.find(first).orElseThrow();
      assertThat(begun.state()).isEqualTo(State.RUNNING);
      assertThat(begun.project()).isEqualTo("prj_1");
      assertThat(begun.createdAt()).isEqualTo(clock.instant());
      assertThat(begun.createdBy()).isEqualTo("ann");
      assertThat(begun.report()).isEqualTo(new UpgradeReport("m@1", "m@2", 2, List.of()));

      UpgradeLine.Side answered =
          new UpgradeLine.Side(
              200, "stop", Check.values()[0], Check.values()[1], true, 1L << 40, 7, 8, 9, 1L << 50);
      UpgradeLine.Side silent =
          new UpgradeLine.Side(
              0, null, Check.values()[1], Check.values()[0], false, 0, 0, 0, 0, null);
      List<UpgradeLine> lines =
          List.of(
              new UpgradeLine(1, answered, silent, false, true, false),
              new UpgradeLine(2, silent, answered, true, false, true));
      store.progress(first, lines.subList(0, 1), State.RUNNING);
      assertThat(store.find(first).orElseThrow().report().lines()).isEqualTo(lines.subList(0, 1));
      clock.move(1_000);
      store.progress(first, lines, State.DONE);

      String second = store.begin("m@2", "m@3", "", 5, "ben");
      store.progress(second, List.of(), State.FAILED);
      List<Stored> newest = store.list(10);
      assertThat(newest).extracting(Stored::id).containsExactly(second, first);
      assertThat(newest).extracting(Stored::state).containsExactly(State.FAILED, State.DONE);
      assertThat(newest.getLast().report().lines()).isEqualTo(lines);
      assertThat(newest.getLast().createdAt()).isEqualTo(begun.createdAt());
      assertThat(store.list(1)).extracting(Stored::id).containsExactly(second);
    }
  }
}
