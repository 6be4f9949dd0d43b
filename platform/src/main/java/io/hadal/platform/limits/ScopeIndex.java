package io.hadal.platform.limits;

import io.hadal.platform.tenancy.Identity;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Finds what is set for a request, by scope and id: the narrowest first. */
public final class ScopeIndex<T> {
  private final EnumMap<LimitScope, Map<String, List<T>>> items = new EnumMap<>(LimitScope.class);

  /**
   * An item, and whom it counts in this request.
   *
   * @param subject id of the scope
   */
  public record Match<T>(T item, String subject) {}

  /** Items keep their order within a scope. */
  public ScopeIndex(List<T> all, Function<T, LimitScope> scope, Function<T, String> id) {
    for (T item : all) {
      items
          .computeIfAbsent(scope.apply(item), s -> new HashMap<>())
          .computeIfAbsent(id.apply(item), i -> new ArrayList<>())
          .add(item);
    }
  }

  /** What fits and is set for a request's subjects, or for each one. */
  public List<Match<T>> find(Identity identity, @Nullable String endUser, Predicate<T> fits) {
    List<Match<T>> found = new ArrayList<>(4);
    for (Map.Entry<LimitScope, Map<String, List<T>>> scope : items.entrySet()) {
      String subject = scope.getKey().subject(identity, endUser);
      if (subject == null) {
        continue;
      }
      Map<String, List<T>> ids = scope.getValue();
      add(found, ids.get(subject), subject, fits);
      add(found, ids.get(LimitScope.EACH), subject, fits);
      if (scope.getKey() == LimitScope.END_USER) {
        add(found, ids.get(identity.project() + "/" + LimitScope.EACH), subject, fits);
      }
    }
    return found;
  }

  private static <T> void add(
      List<Match<T>> found, @Nullable List<T> items, String subject, Predicate<T> fits) {
    if (items != null) {
      for (T item : items) {
        if (fits.test(item)) {
          found.add(new Match<>(item, subject));
        }
      }
    }
  }
}
