package io.hadal.model.packed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import io.hadal.model.synthetic.StorageMix;
import io.hadal.model.synthetic.SyntheticModel;
import io.hadal.model.synthetic.SyntheticShape;
import io.hadal.model.weights.PackedWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedFileTest {
  private final WorkerPool pool = new WorkerPool(2);
  private final Path folder;
  private final Path checkpoint;
  private final Path target;
  private Model model;

  PackedFileTest(@TempDir Path folder) {
    this.folder = folder;
    this.checkpoint = folder.resolve("m.gguf");
    this.target = PackedPlaces.beside(checkpoint);
    this.model =
        model(checkpoint, new StorageMix(StorageType.MXFP4, StorageType.Q4_K, StorageType.Q8_0), 1);
  }

  private static Model model(Path checkpoint, StorageMix mix, long seed) {
    SyntheticModel.of(SyntheticShape.TINY, 2, 4, 512, mix, seed).writeGguf(checkpoint, n -> {});
    return Model.load(checkpoint);
  }

  @AfterEach
  void close() {
    model.close();
    pool.close();
  }

  private PackedFileWriter writer() {
    return new PackedFileWriter(target, model.packedFingerprint(), model.packable(), pool);
  }

  private PackedFile open() {
    return PackedFile.open(target, model.packedFingerprint());
  }

  private Path part() {
    return target.resolveSibling(target.getFileName() + PackedFileWriter.PART);
  }

  private void assertEqualToMemory() {
    Map<String, Matrix> matrices = model.packable();
    try (PackedFile file = open();
        PackedWeights memory = new PackedWeights()) {
      assertThat(file.size()).isEqualTo(matrices.size()).isGreaterThan(20);
      matrices.forEach(
          (name, w) -> {
            PackedMatrix mapped = Objects.requireNonNull(file.find(name, w), name);
            assertThat(mapped.data().mismatch(memory.get(w, pool).data())).as(name).isEqualTo(-1);
          });
    }
  }

  @Test
  void mappedBytesAreThoseOfMemory() {
    for (StorageType type : StorageType.values()) {
      if (type == StorageType.MXFP4 || type.name().matches("I?Q\\d.*")) {
        model.close();
        model = model(checkpoint, StorageMix.of(type), 1);
        assertThat(writer().write(n -> {})).isZero();
        assertEqualToMemory();
        assertThat(part()).doesNotExist();
      }
    }
  }

  @Test
  void anyEndOfARunIsGoneOnWith() throws IOException {
    writer().write(n -> {});
    byte[] whole = Files.readAllBytes(target);
    Files.delete(target);
    // Ended in the middle.
    List<Long> pieces = new ArrayList<>();
    assertThatThrownBy(
            () ->
                writer()
                    .write(
                        n -> {
                          pieces.add(n);
                          if (pieces.size() == 9) {
                            throw new CancellationException();
                          }
                        }))
        .isInstanceOf(CancellationException.class);
    assertThat(target).doesNotExist();
    assertThat(part()).exists();
    writer().write(n -> {});
    assertThat(Files.readAllBytes(target)).isEqualTo(whole);
    // Cut anywhere, with the note of being complete or without.
    Random random = new Random(1);
    for (int i = 0; i < 20; i++) {
      byte[] cut = Arrays.copyOf(whole, i == 0 ? whole.length : random.nextInt(whole.length));
      if (cut.length >= PackedHeader.HEADER_BYTES && i % 2 == 0) {
        unfinish(cut);
      }
      Files.delete(target);
      Files.write(part(), cut);
      long found = writer().write(n -> {});
      assertThat(Files.readAllBytes(target)).isEqualTo(whole);
      assertThat(found).isLessThanOrEqualTo(writer().packedBytes());
      if (i == 0) {
        assertThat(found).isEqualTo(writer().packedBytes());
      }
    }
  }

  /** Takes the note away that all is there. */
  private static void unfinish(byte[] file) {
    ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(48, 0);
    header.putInt(
        PackedHeader.HEADER_BYTES - 4, PackedHeader.crc(file, 0, PackedHeader.HEADER_BYTES - 4));
  }

  @Test
  void rubbishUnderTheNameOfAPartIsWrittenOver() throws IOException {
    Files.writeString(part(), "x".repeat(100_000));
    assertThat(writer().write(n -> {})).isZero();
    assertEqualToMemory();
  }

  @Test
  void aPartOfOtherWeightsIsNotGoneOnWith() throws IOException {
    writer().write(n -> {});
    Files.move(target, part());
    model.close();
    model =
        model(checkpoint, new StorageMix(StorageType.MXFP4, StorageType.Q4_K, StorageType.Q8_0), 2);
    assertThat(writer().write(n -> {})).isZero();
    assertEqualToMemory();
  }

  @Test
  void onlyOneMayWrite() {
    assertThatThrownBy(
            () ->
                writer()
                    .write(
                        n -> {
                          throw new IllegalStateException(
                              "second: " + refusal(() -> writer().write(m -> {})));
                        }))
        .hasMessageContaining("is being written by another process");
    writer().write(n -> {});
    assertEqualToMemory();
  }

  private static String refusal(Runnable work) {
    try {
      work.run();
      return "none";
    } catch (FormatException e) {
      return e.getMessage() + "";
    }
  }

  @Test
  void filesThatCannotBeUsedSayWhy() throws IOException {
    writer().write(n -> {});
    byte[] whole = Files.readAllBytes(target);
    assertThatThrownBy(() -> PackedFile.open(target, "0".repeat(64)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("other weights")
        .hasMessageContaining("hadal pack");
    byte[] unfinished = whole.clone();
    unfinish(unfinished);
    assertRefused(unfinished, "was not finished");
    byte[] newer = whole.clone();
    newer[12]++;
    ByteBuffer.wrap(newer)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(
            PackedHeader.HEADER_BYTES - 4,
            PackedHeader.crc(newer, 0, PackedHeader.HEADER_BYTES - 4));
    assertRefused(newer, "another version");
    assertRefused(new byte[0], "no side file");
    assertRefused("not at all".repeat(50).getBytes(StandardCharsets.UTF_8), "no side file");
    for (int size : new int[] {8, 95, 96, 200, 4096, whole.length / 2, whole.length - 1}) {
      assertRefused(Arrays.copyOf(whole, size), "");
    }
    // Neither side files nor anything else is lost by looking.
    Files.write(target, unfinished);
    try (PackedFile found = new PackedPlaces(folder).find(checkpoint, model::packedFingerprint)) {
      assertThat(found).isNull();
    }
  }

  private void assertRefused(byte[] file, String why) throws IOException {
    Files.write(target, file);
    assertThatThrownBy(this::open)
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(target.toString())
        .hasMessageContaining(why);
  }

  @Test
  void aFlippedByteIsFoundWhereverItIs() throws IOException {
    writer().write(n -> {});
    byte[] whole = Files.readAllBytes(target);
    int table;
    try (PackedFile file = open()) {
      assertThat(file.damaged(n -> {})).isEmpty();
      table = 96 + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong(56);
    }
    Random random = new Random(2);
    for (int i = 0; i < 120; i++) {
      byte[] flipped = whole.clone();
      int at = random.nextInt(i % 3 == 0 ? whole.length : table);
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(target, flipped);
      try (PackedFile file = open()) {
        // A byte that nobody reads: padding of rows and between entries.
        if (file.damaged(n -> {}).isEmpty()) {
          assertEqualToMemory();
        }
      } catch (FormatException e) {
        assertThat(e).hasMessageContaining(target.toString());
      }
    }
  }

  @Test
  void damagedAndMissingMatricesArePackedIntoMemory() throws IOException {
    Map<String, Matrix> some = new LinkedHashMap<>(model.packable());
    Matrix missing = Objects.requireNonNull(some.remove("layers.0.attn.wq_a"));
    new PackedFileWriter(target, model.packedFingerprint(), some, pool).write(n -> {});
    byte[] bytes = Files.readAllBytes(target);
    bytes[bytes.length - 4096 - 200] ^= 1;
    Files.write(target, bytes);
    List<String> damaged;
    try (PackedFile file = open()) {
      damaged = file.damaged(n -> {});
    }
    assertThat(damaged).hasSize(1);
    Matrix broken = Objects.requireNonNull(some.get(damaged.getFirst()));
    try (PackedWeights weights = new PackedWeights();
        PackedWeights memory = new PackedWeights()) {
      weights.use(open(), model.packable());
      for (Matrix w : model.packable().values()) {
        assertThat(weights.get(w, pool).data().mismatch(memory.get(w, pool).data())).isEqualTo(-1);
      }
      assertThat(weights.bytes())
          .isEqualTo(PackedMatrix.bytes(missing) + PackedMatrix.bytes(broken));
    }
  }

  @Test
  void streamedWeightsArePackedFromTheFileOnly() {
    Map<String, Matrix> some = new LinkedHashMap<>(model.packable());
    Matrix missing = Objects.requireNonNull(some.remove("layers.0.attn.wq_a"));
    new PackedFileWriter(target, model.packedFingerprint(), some, pool).write(n -> {});
    try (PackedWeights weights = new PackedWeights()) {
      assertThat(weights.provides(missing)).isTrue();
      weights.use(open(), model.packable());
      MemoryPlan.Packed plan = MemoryPlan.Packed.of(model.packable().values(), weights);
      assertThat(plan.memory()).isEqualTo(PackedMatrix.bytes(missing));
      assertThat(weights.streamOnly()).isTrue();
      assertThat(weights.streamOnly()).isFalse();
      assertThat(weights.provides(missing)).isFalse();
      assertThat(some.values()).allMatch(weights::provides);
      plan = MemoryPlan.Packed.of(model.packable().values(), weights);
      assertThat(plan.memory()).isZero();
      assertThat(plan.file())
          .isEqualTo(some.values().stream().mapToLong(PackedMatrix::bytes).sum());
    }
  }
}
