package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProjectPacksTest {
  private static boolean[] all(int n) {
    boolean[] members = new boolean[n];
    Arrays.fill(members, true);
    return members;
  }

  @Test
  void importsStandInFront() {
    List<int[]> imports =
        List.of(new int[0], new int[0], new int[] {0}, new int[] {2}, new int[] {1});
    int[] lengths = {10, 10, 10, 10, 10};
    assertThat(new ProjectPacks(imports, lengths, all(5), 100).pack())
        .containsExactly(new int[] {0, 1, 2, 3, 4});
    // 4 with what it imports, then 3 with the file between, then what is left.
    assertThat(new ProjectPacks(imports, lengths, all(5), 20).pack())
        .containsExactly(new int[] {0}, new int[] {2, 3}, new int[] {1, 4});
  }

  @Test
  void othersComeAlongOnlyAsImports() {
    List<int[]> imports = List.of(new int[0], new int[0], new int[] {0});
    boolean[] members = {false, false, true};
    assertThat(new ProjectPacks(imports, new int[] {5, 5, 5}, members, 100).pack())
        .containsExactly(new int[] {0, 2});
  }

  @Test
  void limitAndCoverage() {
    SplittableRandom random = new SplittableRandom(3);
    int n = 300;
    List<int[]> imports = new ArrayList<>();
    int[] lengths = new int[n];
    for (int i = 0; i < n; i++) {
      int self = i;
      imports.add(
          i == 0 ? new int[0] : random.ints(4, 0, n).filter(k -> k != self).distinct().toArray());
      lengths[i] = random.nextInt(10, 130);
    }
    BitSet covered = new BitSet();
    for (int[] pack : new ProjectPacks(imports, lengths, all(n), 100).pack()) {
      assertThat(pack).isSorted();
      int sum = Arrays.stream(pack).map(i -> lengths[i]).sum();
      assertThat(pack.length == 1 || sum <= 100).isTrue();
      Arrays.stream(pack).forEach(covered::set);
    }
    assertThat(covered.cardinality()).isEqualTo(n);
  }
}
