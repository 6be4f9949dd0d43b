package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.scalar.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every golden vector of every stored type, bit for bit, in both implementations. */
class DequantizeTest {
  private static final GoldenTensors GOLDEN = GoldenTensors.load("quants.safetensors");
  private static final Set<String> UNSUPPORTED =
      Set.of("IQ1_M", "IQ1_S", "IQ2_S", "IQ3_S", "NVFP4", "TQ1_0", "TQ2_0");

  static List<String> vectors() {
    List<String> names = new ArrayList<>();
    for (String name : GOLDEN.names()) {
      if (name.endsWith(".raw") && !UNSUPPORTED.contains(typeName(name))) {
        names.add(name.substring(0, name.length() - 4));
      }
    }
    return names;
  }

  private static String typeName(String name) {
    return name.substring(0, name.indexOf('.') < 0 ? name.length() : name.indexOf('.'));
  }

  @Test
  void everyBlockTypeHasGoldenVectors() {
    Set<StorageType> covered = EnumSet.noneOf(StorageType.class);
    for (String name : vectors()) {
      covered.add(StorageType.valueOf(typeName(name)));
    }
    for (StorageType type : StorageType.values()) {
      if (type.blockElements() > 2) {
        assertThat(covered).contains(type);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void goldenBits(String name) {
    StorageType type = StorageType.valueOf(typeName(name));
    MemorySegment raw = MemorySegment.ofArray(GOLDEN.u8(name + ".raw"));
    float[] expected = GOLDEN.floats(name + ".f32");
    Matrix w = Matrix.of(type, raw, 2, 512);
    for (Kernels kernels : List.of(new ScalarKernels(), Kernels.get())) {
      float[] out = new float[1024];
      kernels.dequantize(w, 0, 0, 512, out, 0);
      kernels.dequantize(w, 1, 0, 512, out, 512);
      TestArrays.assertSameBits(kernels.name() + " " + name, expected, out);
      // A range that cuts blocks on both sides.
      float[] cut = new float[400];
      kernels.dequantize(w, 1, 51, 399, cut, 1);
      float[] slice = new float[400];
      System.arraycopy(expected, 512 + 51, slice, 1, 399);
      TestArrays.assertSameBits(kernels.name() + " cut " + name, slice, cut);
    }
  }
}
