package io.hadal.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.keys.MovableClock;
import io.hadal.platform.lease.SettingVersion;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class NodesTest {
  private static final Engine ENGINE =
      new Engine("http://10.0.0.7:8080", List.of("m", "alias"), "m@1", 4096, 2, "eu");

  private final MovableClock clock = new MovableClock();
  private final AtomicLong nanos = new AtomicLong();

  private Nodes nodes(Database database, String name) {
    return new Nodes(database, name, clock, nanos::get);
  }

  private void pass(long millis) {
    clock.pass(Duration.ofMillis(millis));
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @OnBothDatabases
  void aNodeIsThereWhileItBeats(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Nodes gateway = nodes(database, "gateway");
        Nodes engine = nodes(database, "engine")) {
      BlockCounts counts = new BlockCounts();
      counts.add(42);
      engine.join(ENGINE, () -> new Load(3, 1, false), counts::digest);
      gateway.tick();
      Member seen = gateway.members().getFirst();
      assertThat(seen.name()).isEqualTo("engine");
      assertThat(seen.engine()).isEqualTo(ENGINE);
      assertThat(seen.load()).isEqualTo(new Load(3, 1, false));
      assertThat(seen.digest().holds(42)).isTrue();
      assertThat(seen.digest().holds(43)).isFalse();
      assertThat(gateway.alive(engine.incarnation())).isTrue();

      // A machine whose clock is an hour off is as good as any other.
      for (int i = 0; i < 4; i++) {
        clock.pass(Duration.ofHours(1));
        engine.tick();
        pass(3000);
        gateway.tick();
        assertThat(gateway.members()).hasSize(1);
      }
      pass(Nodes.LEASE_MILLIS + 1);
      gateway.tick();
      assertThat(gateway.members()).isEmpty();
      assertThat(gateway.alive(engine.incarnation())).isFalse();

      engine.tick();
      gateway.tick();
      assertThat(gateway.members()).hasSize(1);
      engine.close();
      gateway.tick();
      assertThat(gateway.members()).as("who leaves is gone at once").isEmpty();
    }
  }

  @OnBothDatabases
  void configurationsOfOneKindAreCompared(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Nodes one = nodes(database, "gateway-1");
        Nodes two = nodes(database, "gateway-2");
        Nodes engine = nodes(database, "engine")) {
      one.config(new ConfigMark("aa", false));
      engine.config(new ConfigMark("ee", false));
      engine.join(ENGINE, () -> Load.IDLE, () -> null);
      two.join(null, () -> Load.IDLE, () -> null);
      one.join(null, () -> Load.IDLE, () -> null);
      // One that says nothing, such as an older version, differs from nobody.
      assertThat(one.differing()).isEmpty();
      two.config(new ConfigMark("bb", true));
      two.tick();
      one.tick();
      assertThat(one.differing()).extracting(Member::name).containsExactly("gateway-2");
      assertThat(one.differing().getFirst().config()).isEqualTo(new ConfigMark("bb", true));
      assertThat(engine.differing()).isEmpty();
      engine.tick();
      assertThat(NodeConfiguration.all(database, clock))
          .extracting(node -> node.node() + " " + node.engine() + " " + node.differs())
          .containsExactly("engine true false", "gateway-1 false false", "gateway-2 false true");
      two.config(new ConfigMark("aa", false));
      two.tick();
      one.tick();
      assertThat(one.differing()).isEmpty();
    }
  }

  @OnBothDatabases
  void aNameBelongsToOneProcess(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind);
        Nodes first = nodes(database, "n");
        Nodes second = nodes(database, "n");
        Nodes third = nodes(database, "n")) {
      first.join(null, () -> Load.IDLE, () -> null);
      Thread beats =
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (int i = 0; i < 20; i++) {
                      first.tick();
                      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                    }
                  });
      assertThatThrownBy(() -> second.join(null, () -> Load.IDLE, () -> null))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("platform.node");
      beats.join();
      // The first one is dead for longer than a lease: its name is free.
      first.close();
      database.run(
          h ->
              h.execute(
                  "INSERT INTO node (name, incarnation, address, models, version, context, weight,"
                      + " region, running, waiting, draining, digest, digest_version, beats,"
                      + " started_at, renewed_at)"
                      + " VALUES ('n', 'run_dead', NULL, '', '', 0, 1, NULL, 0, 0, 0, '',"
                      + " 0, 7, 0, ?)",
                  clock.millis() - Nodes.LEASE_MILLIS - 1));
      third.join(ENGINE, () -> Load.IDLE, () -> null);
      assertThat(third.members()).extracting(Member::incarnation).contains(third.incarnation());
      pass(8L * 24 * 3_600_000);
      third.prune();
      third.tick();
      assertThat(third.members()).as("a row that was lost comes back").hasSize(1);
    }
  }

  @Test
  void changesAreToldAtOnce() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    try (Database database = TestDatabases.open(DatabaseKind.POSTGRESQL);
        Signals signals = new Signals(database, heard::add);
        Signals other = new Signals(database, word -> {})) {
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEmpty();
      database.run(h -> SettingVersion.bump(h, "budget"));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("budget");
      database.run(
          h -> h.execute("UPDATE platform_state SET value = value + 1 WHERE name = 'tenancy'"));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("tenancy");
      for (int i = 0; i < 400 && !(signals.leader() || other.leader()); i++) {
        Thread.sleep(5);
      }
      assertThat(signals.leader() ^ other.leader()).as("one of them leads").isTrue();
      Signals leads = signals.leader() ? signals : other;
      leads.close();
      assertThat(leads.leader()).isFalse();
      Signals next = leads == signals ? other : signals;
      for (int i = 0; i < 1000 && !next.leader(); i++) {
        Thread.sleep(5);
      }
      assertThat(next.leader()).as("the other one follows").isTrue();
    }
  }

  @Test
  void blocksComeAndGo() {
    Random random = new Random(1);
    long[] blocks = random.longs(16_000).toArray();
    BlockCounts counts = new BlockCounts();
    for (long block : blocks) {
      counts.add(block);
    }
    BlockDigest digest = BlockDigest.parse(counts.digest().text());
    assertThat(digest.depth(blocks)).isEqualTo(blocks.length);
    long wrong = random.longs(10_000).filter(digest::holds).count();
    assertThat(wrong).as("claims of what is not there, of 10000").isLessThan(400);
    for (int i = 0; i < 15_900; i++) {
      counts.remove(blocks[i]);
    }
    BlockDigest rest = counts.digest();
    for (int i = 15_900; i < blocks.length; i++) {
      assertThat(rest.holds(blocks[i])).isTrue();
    }
    assertThat(random.longs(10_000).filter(rest::holds).count()).isLessThan(5);
    assertThat(BlockDigest.parse("AAAA").isEmpty()).isTrue();
    assertThat(BlockDigest.parse("no base64!").isEmpty()).isTrue();
    assertThat(BlockDigest.parse("").depth(blocks)).isZero();
  }

  @Test
  void nodesTrustOnlyTheirOwn() {
    NodeTokens tokens = new NodeTokens(new byte[32], clock);
    ProjectPolicy policy = new ProjectPolicy(true, false, true, 3, "key", List.of("eu"), "off");
    Identity client =
        new Identity("o", "t", "p", "key_1", "usr_1", Set.of(Scope.ADMIN), List.of("m"), policy);
    SecretText token = tokens.issue(client, true);
    Identity read = Objects.requireNonNull(tokens.read(token.reveal()));
    assertThat(read.project()).isEqualTo("p");
    assertThat(read.policy().zdr()).isTrue();
    assertThat(read.policy().phi()).isTrue();
    assertThat(read.policy().cacheIsolation()).isEqualTo("key");
    assertThat(read.scopes()).doesNotContain(Scope.ADMIN);
    assertThat(NodeTokens.counted(read)).isTrue();
    assertThat(NodeTokens.counted(client)).isFalse();

    byte[] other = new byte[32];
    other[0] = 1;
    assertThat(new NodeTokens(other, clock).read(token.reveal())).isNull();
    String text = token.reveal();
    assertThat(tokens.read(text.substring(0, text.length() - 2))).isNull();
    assertThat(tokens.read("hadal-node.")).isNull();
    assertThat(tokens.read("hadal-node.!.!")).isNull();
    assertThat(tokens.read("sk-l-abc")).isNull();
    clock.pass(Duration.ofHours(2));
    assertThat(tokens.read(text)).as("too old").isNull();
  }
}
