package io.hadal.train.corpus;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Groups the files of a project so that a file stands behind those that it imports.
 *
 * <p>A group begins with the last file in import order that no group has yet. Its own imports come
 * with it, whether another group has them or not, then, as long as there is room, what these import
 * and further files, if no group has them yet. Inside a group files are in import order.
 */
final class ProjectPacks {
  /** How often a file that many import is taken along. */
  private static final int MAX_USES = 3;

  private final List<int[]> imports;
  private final int[] lengths;
  private final boolean[] members;
  private final int limit;
  private final int[] uses;

  /**
   * @param imports of each file the files it imports; files in import order
   * @param lengths of the files in tokens, at least for members and what they import
   * @param members the files to be grouped; others only come along as imports
   * @param limit most tokens of a group; a file that is longer is a group of its own
   */
  ProjectPacks(List<int[]> imports, int[] lengths, boolean[] members, int limit) {
    this.imports = imports;
    this.lengths = lengths;
    this.members = members;
    this.limit = limit;
    this.uses = new int[lengths.length];
  }

  /** Groups of file numbers, each in import order. */
  List<int[]> pack() {
    List<int[]> packs = new ArrayList<>();
    int next = lengths.length - 1;
    while (next >= 0) {
      if (members[next] && uses[next] == 0) {
        packs.add(pack(next));
      } else {
        next--;
      }
    }
    // The groups were made from the end.
    return packs.reversed();
  }

  private int[] pack(int root) {
    List<Integer> pack = new ArrayList<>();
    int room = limit;
    for (int seed = root; seed >= 0 && room > 0; seed = unused(seed - 1)) {
      boolean fits = lengths[seed] <= room;
      if (!fits && seed != root) {
        break;
      }
      room = take(seed, pack, room);
      Deque<Integer> open = new ArrayDeque<>(List.of(seed));
      while (!open.isEmpty()) {
        int file = open.remove();
        for (int needed : imports.get(file)) {
          boolean direct = file == seed && uses[needed] < MAX_USES;
          boolean fresh = members[needed] && uses[needed] == 0;
          if ((direct || fresh) && lengths[needed] <= room && !pack.contains(needed)) {
            room = take(needed, pack, room);
            open.add(needed);
          }
        }
      }
    }
    int[] files = pack.stream().mapToInt(Integer::intValue).toArray();
    Arrays.sort(files);
    return files;
  }

  private int take(int file, List<Integer> pack, int room) {
    pack.add(file);
    uses[file]++;
    return room - lengths[file];
  }

  /** The last member up to {@code from} that no group has, -1 when there is none. */
  private int unused(int from) {
    int at = from;
    while (at >= 0 && !(members[at] && uses[at] == 0)) {
      at--;
    }
    return at;
  }
}
