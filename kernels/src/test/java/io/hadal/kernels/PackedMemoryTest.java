package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackedMemoryTest {
  @Test
  void piecesAreZeroAlignedAndApart() {
    List<MemorySegment> all = new ArrayList<>();
    try (PackedMemory memory = new PackedMemory()) {
      for (long bytes : new long[] {1, 64, 100, 5 << 20, 40 << 20, 20 << 20, 7, 30 << 20}) {
        MemorySegment m = memory.allocate(bytes);
        assertThat(m.byteSize()).isEqualTo(bytes);
        assertThat(m.address() % 64).isZero();
        assertThat(m.get(ValueLayout.JAVA_BYTE, 0)).isZero();
        assertThat(m.get(ValueLayout.JAVA_BYTE, bytes - 1)).isZero();
        m.fill((byte) (all.size() + 1));
        all.add(m);
      }
      for (int i = 0; i < all.size(); i++) {
        MemorySegment m = all.get(i);
        assertThat(m.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) (i + 1));
        assertThat(m.get(ValueLayout.JAVA_BYTE, m.byteSize() - 1)).isEqualTo((byte) (i + 1));
      }
    }
    assertThatThrownBy(() -> all.getFirst().get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void closesTwice() {
    PackedMemory memory = new PackedMemory();
    memory.allocate(10);
    memory.close();
    memory.close();
  }
}
