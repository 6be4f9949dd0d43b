package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The radix tree against a plain map. */
class TokenTreeTest {
  private static int[] tokens(SplittableRandom random) {
    return random.ints(1 + random.nextInt(12), 0, 3).toArray();
  }

  @Test
  void behavesLikeAMapOfSequences() {
    SplittableRandom random = new SplittableRandom(1);
    TokenTree<List<Integer>> tree = new TokenTree<>();
    Map<List<Integer>, TokenTree.Node<List<Integer>>> places = new HashMap<>();
    for (int i = 0; i < 5000; i++) {
      int[] tokens = tokens(random);
      List<Integer> list = Arrays.stream(tokens).boxed().toList();
      if (places.containsKey(list) && random.nextBoolean()) {
        tree.clear(Objects.requireNonNull(places.remove(list)));
      } else if (places.size() < 60) {
        TokenTree.Node<List<Integer>> place = tree.place(tokens);
        place.value = list;
        places.put(list, place);
      } else {
        List<Integer> some = places.keySet().iterator().next();
        tree.clear(Objects.requireNonNull(places.remove(some)));
      }
      check(tree, places, tokens(random));
    }
    places.values().forEach(tree::clear);
    assertThat(tree.isEmpty()).isTrue();
  }

  private static void check(
      TokenTree<List<Integer>> tree, Map<List<Integer>, ?> places, int[] wanted) {
    List<Integer> list = Arrays.stream(wanted).boxed().toList();
    assertThat(tree.get(wanted)).isEqualTo(places.containsKey(list) ? list : null);
    List<List<Integer>> on = new ArrayList<>();
    List<List<Integer>> below = new ArrayList<>();
    int known = tree.walk(wanted, on::add, 2, below::add);
    assertThat(on)
        .containsExactlyElementsOf(
            places.keySet().stream()
                .filter(p -> begins(list, p))
                .sorted((a, b) -> a.size() - b.size())
                .toList());
    int longest = places.keySet().stream().mapToInt(p -> common(list, p)).max().orElse(0);
    assertThat(known).isEqualTo(longest);
    assertThat(below)
        .containsExactlyInAnyOrderElementsOf(
            places.keySet().stream()
                .filter(p -> p.size() > longest && p.size() <= longest + 2)
                .filter(p -> common(list, p) == longest)
                .toList());
  }

  private static boolean begins(List<Integer> with, List<Integer> prefix) {
    return common(with, prefix) == prefix.size();
  }

  private static int common(List<Integer> a, List<Integer> b) {
    int n = 0;
    while (n < Math.min(a.size(), b.size()) && a.get(n).equals(b.get(n))) {
      n++;
    }
    return n;
  }
}
