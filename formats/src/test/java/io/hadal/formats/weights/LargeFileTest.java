package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files beyond 2 GiB, sparse on disk. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class LargeFileTest {
  private static final long FILLER = 3L << 30;

  @TempDir Path folder;

  @Test
  void safetensors() throws IOException {
    Path file = folder.resolve("large.safetensors");
    byte[] header =
        String.format(
                "{\"filler\":{\"dtype\":\"U8\",\"shape\":[3,1073741824],\"data_offsets\":[0,%d]},"
                    + "\"tail\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}}",
                FILLER, FILLER, FILLER + 8)
            .getBytes(StandardCharsets.US_ASCII);
    write(file, RawSafetensors.withLength(header.length, header, 0), 8 + header.length + FILLER);
    long before = Allocation.ofThisThread();
    try (TensorStore store = Checkpoints.open(file)) {
      check(store);
    }
    assertThat(Allocation.ofThisThread() - before).isLessThan(1 << 20);
  }

  @Test
  void gguf() throws IOException {
    Path file = folder.resolve("large.gguf");
    byte[] header =
        RawGguf.header(2, 0)
            .tensor("filler", GgmlType.I8, 0, 1L << 30, 3)
            .tensor("tail", GgmlType.F32, FILLER, 2)
            .data(0)
            .bytes();
    write(file, header, header.length + FILLER);
    long before = Allocation.ofThisThread();
    try (TensorStore store = Checkpoints.open(file)) {
      check(store);
    }
    assertThat(Allocation.ofThisThread() - before).isLessThan(1 << 20);
  }

  private static void write(Path file, byte[] header, long tailAt) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(header), 0);
      ByteBuffer tail = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(tail.putFloat(1.25f).putFloat(-7).flip(), tailAt);
    }
  }

  private static void check(TensorStore store) {
    StoredTensor filler = store.get("filler");
    assertThat(filler.shape()).containsExactly(3L, 1L << 30);
    assertThat(filler.data().byteSize()).isEqualTo(FILLER);
    assertThat(filler.data().get(ValueLayout.JAVA_BYTE, FILLER - 1)).isZero();
    assertThat(store.get("tail").data().toArray(LittleEndian.FLOAT)).containsExactly(1.25f, -7f);
  }
}
