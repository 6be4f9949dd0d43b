package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EngramTableTest {
  private final ReadPool pool = new ReadPool(4);

  private volatile @Nullable Throwable failed;

  @TempDir Path folder;

  @AfterEach
  void closePool() {
    pool.close();
  }

  @ParameterizedTest
  @EnumSource(TableFixture.Kind.class)
  void everyStorageReadsTheSameMappedAndFromTheFile(TableFixture.Kind kind) {
    TableFixture fixture = new TableFixture(kind, 256, 7);
    Random random = new Random(8);
    try (TensorStore store = fixture.store(folder);
        EngramTable mapped = new MappedTable(fixture.layout(store));
        EngramTable file = new FileTable(fixture.layout(store), 20_000, pool)) {
      for (int round = 0; round < 20; round++) {
        int[] rows = TableFixture.someRows(random, 1 + random.nextInt(100));
        float[] expected = fixture.expected(rows);
        for (EngramTable table : List.of(mapped, file)) {
          float[] out = new float[rows.length * 256];
          table.read(rows, 0, rows.length, out);
          assertThat(out).containsExactly(expected);
        }
      }
      assertThat(file.rows()).isEqualTo(TableFixture.ROWS);
      assertThat(file.width()).isEqualTo(256);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 48})
  void narrowRows(int width) {
    TableFixture fixture = new TableFixture(TableFixture.Kind.F8_E4M3, width, 3);
    int[] rows = IntStream.range(0, TableFixture.ROWS).toArray();
    float[] out = new float[rows.length * width];
    try (TensorStore store = fixture.store(folder);
        EngramTable file = new FileTable(fixture.layout(store), 0, pool)) {
      file.read(rows, 0, rows.length, out);
    }
    assertThat(out).containsExactly(fixture.expected(rows));
  }

  @ParameterizedTest
  @ValueSource(strings = {"e", "e8"})
  void embeddingsOfTheGoldenModels(String model) {
    try (Safetensors golden = Goldens.model(model)) {
      List<EngramIndex> indexes =
          EngramShape.uniform(List.of(1, 4), 4, 2, 1000, 370).indexes(2, model);
      for (int i = 0; i < 2; i++) {
        int layer = i == 0 ? 1 : 4;
        int[] rows = Goldens.ints(golden.get("layer" + layer + ".engram_rows"));
        String name = "layers." + layer + ".engram.embed";
        TableLayout layout =
            TableLayout.of(
                golden,
                name + ".weight",
                name + ".scale",
                indexes.get(i).rowCount(),
                model.equals("e") ? 16 : 32);
        try (EngramTable table = new FileTable(layout, 1 << 20, pool)) {
          float[] e = new float[rows.length * table.width()];
          table.read(rows, 0, rows.length, e);
          assertThat(e).containsExactly(Goldens.floats(golden.get("layer" + layer + ".engram_e")));
        }
      }
    }
  }

  @Test
  void countersTellHitsAndBytes() {
    TableFixture fixture = new TableFixture(TableFixture.Kind.F8_E4M3, 64, 1);
    try (TensorStore store = fixture.store(folder);
        EngramTable table = new FileTable(fixture.layout(store), 1 << 20, pool)) {
      float[] out = new float[4 * 64];
      table.read(new int[] {5, 9, 5, 7}, 0, 4, out);
      EngramCounters first = table.counters();
      assertThat(first)
          .usingRecursiveComparison()
          .ignoringFields("waitNanos")
          .isEqualTo(new EngramCounters(1, 4, 0, 3, 3 * 66, 0));
      table.read(new int[] {7, 8, 8, 9}, 0, 4, out);
      assertThat(table.counters().minus(first))
          .usingRecursiveComparison()
          .ignoringFields("waitNanos")
          .isEqualTo(new EngramCounters(1, 4, 2, 1, 66, 0));
      assertThat(first.plus(first).rows()).isEqualTo(8);
    }
  }

  @Test
  void severalRequestsMayRunAtOnceAndBeGivenUp() throws InterruptedException {
    TableFixture fixture = new TableFixture(TableFixture.Kind.BF16, 32, 1);
    try (TensorStore store = fixture.store(folder);
        EngramTable table = new FileTable(fixture.layout(store), 6_000, pool)) {
      List<Thread> threads =
          IntStream.range(0, 4)
              .mapToObj(
                  seed ->
                      Thread.ofPlatform()
                          .uncaughtExceptionHandler((t, e) -> failed = e)
                          .start(() -> hammer(fixture, table, seed)))
              .toList();
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(failed).isNull();
  }

  private static void hammer(TableFixture fixture, EngramTable table, int seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      int[] one = TableFixture.someRows(random, 1 + random.nextInt(200));
      int[] two = TableFixture.someRows(random, random.nextInt(30));
      try (Prefetch first = table.begin(one, 0, one.length);
          Prefetch second = table.begin(two, 0, two.length)) {
        float[] out = new float[two.length * 32 + 3];
        second.read(out, 3);
        assertThat(out).endsWith(fixture.expected(two));
        if (round % 3 != 0) {
          out = new float[one.length * 32];
          first.read(out, 0);
          assertThat(out).containsExactly(fixture.expected(one));
        }
      }
    }
  }

  @Test
  void interruptedReadersGetTheirRowsAndLeaveTheFileOpen() {
    TableFixture fixture = new TableFixture(TableFixture.Kind.BF16, 32, 1);
    try (TensorStore store = fixture.store(folder);
        EngramTable table = new FileTable(fixture.layout(store), 0, pool)) {
      float[] out = new float[32];
      Thread.currentThread().interrupt();
      table.read(new int[] {3}, 0, 1, out);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(out).containsExactly(fixture.expected(3));
      table.read(new int[] {4}, 0, 1, out);
      assertThat(out).containsExactly(fixture.expected(4));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F8_E4M3", "INTERLEAVED", "FP4_E2M1"})
  void scalesThatAreNoNumbersAreNamed(TableFixture.Kind kind) {
    TableFixture fixture = new TableFixture(kind, 64, 1);
    fixture.scales[2 * 123 + 1] = (byte) 0xff;
    try (TensorStore store = fixture.store(folder);
        EngramTable mapped = new MappedTable(fixture.layout(store));
        EngramTable file = new FileTable(fixture.layout(store), 1 << 20, pool)) {
      for (EngramTable table : List.of(mapped, file)) {
        float[] out = new float[128];
        table.read(new int[] {122, 124}, 0, 2, out);
        assertThatThrownBy(() -> table.read(new int[] {122, 123}, 0, 2, out))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining("row 123")
            .hasMessageContaining(TableFixture.NAME);
      }
    }
  }

  @Test
  void rowsOutsideTheTableAreRefused() {
    TableFixture fixture = new TableFixture(TableFixture.Kind.BF16, 32, 1);
    try (TensorStore store = fixture.store(folder);
        EngramTable mapped = new MappedTable(fixture.layout(store));
        EngramTable file = new FileTable(fixture.layout(store), 1 << 20, pool)) {
      for (EngramTable table : List.of(mapped, file)) {
        for (int bad : new int[] {-1, TableFixture.ROWS, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
          assertThatThrownBy(() -> table.begin(new int[] {0, bad, 1}, 0, 3))
              .isInstanceOf(IndexOutOfBoundsException.class);
        }
      }
    }
  }

  @Test
  void tablesOfAnotherSizeAreRefused() {
    TableFixture fixture = new TableFixture(TableFixture.Kind.F8_E4M3, 64, 1);
    try (TensorStore store = fixture.store(folder)) {
      String name = TableFixture.NAME;
      String scale = TableFixture.SCALE;
      List<Runnable> bad =
          List.of(
              () -> TableLayout.of(store, name, scale, TableFixture.ROWS + 1, 64),
              () -> TableLayout.of(store, name, scale, TableFixture.ROWS, 32),
              () -> TableLayout.of(store, name, scale, 0, 64),
              () -> TableLayout.of(store, name, "nothing", TableFixture.ROWS, 64),
              () -> TableLayout.of(store, "nothing", scale, TableFixture.ROWS, 64),
              () -> TableLayout.of(store, scale, scale, TableFixture.ROWS, 2),
              () -> TableLayout.of(store, name, name, TableFixture.ROWS, 64));
      for (Runnable each : bad) {
        assertThatThrownBy(each::run)
            .isInstanceOf(FormatException.class)
            .hasMessageStartingWith(store.source().toString());
      }
    }
  }

  @Test
  void filesThatShrinkAreErrors() throws IOException {
    TableFixture fixture = new TableFixture(TableFixture.Kind.BF16, 32, 1);
    Path file;
    long end;
    TableLayout layout;
    try (TensorStore store = fixture.store(folder)) {
      file = store.source();
      end = store.fileOf(TableFixture.NAME).offset() + store.fileOf(TableFixture.NAME).bytes();
      layout = fixture.layout(store);
    }
    try (EngramTable table = new FileTable(layout, 0, pool)) {
      try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
        raw.setLength(end - 1);
      }
      float[] out = new float[2 * 32];
      table.read(new int[] {0, 298}, 0, 2, out);
      assertThatThrownBy(() -> table.read(new int[] {299}, 0, 1, out))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("row 299");
    }
    assertThatThrownBy(() -> new FileTable(layout, 0, pool))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(file.getFileName().toString());
  }

  @Test
  void closedTablesAndPoolsSaySo() {
    TableFixture fixture = new TableFixture(TableFixture.Kind.BF16, 32, 1);
    try (TensorStore store = fixture.store(folder)) {
      EngramTable table = new FileTable(fixture.layout(store), 0, pool);
      table.close();
      assertThatThrownBy(() -> table.begin(new int[] {1}, 0, 1))
          .isInstanceOf(IllegalStateException.class);
      ReadPool other = new ReadPool(1);
      try (EngramTable orphan = new FileTable(fixture.layout(store), 0, other)) {
        other.close();
        assertThatThrownBy(() -> orphan.begin(new int[] {1}, 0, 1))
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void unknownStorageIsRefused() {
    Path file = folder.resolve("odd.safetensors");
    try (SafetensorsWriter writer =
        SafetensorsWriter.layout()
            .tensor("lloyd", StorageType.U8, 10, 136)
            .tensor("ints", StorageType.I64, 10, 256)
            .create(file)) {
      writer.write("lloyd", new byte[1360]);
      writer.write("ints", new long[2560]);
      writer.finish();
    }
    try (TensorStore store = Checkpoints.open(file)) {
      for (String name : store.names()) {
        assertThatThrownBy(() -> TableLayout.of(store, name, "none", 10, 256))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining(name);
      }
    }
  }
}
