package io.hadal.server;

import io.hadal.server.admin.AdminApi;
import io.hadal.server.wire.Dialect;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Paths and what answers there. */
final class Routes {
  /** By path, then by method. */
  private final Map<String, Map<String, Route>> exact = new HashMap<>();

  /** By beginning of the path, then by method. */
  private final Map<String, Map<String, Route>> below = new TreeMap<>();

  /** Routes a method at some spellings of a path. */
  void add(
      String method, Dialect dialect, String operation, Route.Handler handler, String... paths) {
    Route route = new Route(method, dialect, operation, false, handler);
    for (String path : paths) {
      exact.computeIfAbsent(path, p -> new TreeMap<>()).put(method, route);
    }
  }

  /** Routes everything below a path, which ends in a slash. */
  void addBelow(
      String method, Dialect dialect, String operation, Route.Handler handler, String... paths) {
    Route route = new Route(method, dialect, operation, false, handler);
    for (String path : paths) {
      below.computeIfAbsent(path, p -> new TreeMap<>()).put(method, route);
    }
  }

  /** Routes without a key. */
  void addOpen(String method, String operation, Route.Handler handler, String... paths) {
    Route route = new Route(method, Dialect.OPENAI, operation, true, handler);
    for (String path : paths) {
      exact.computeIfAbsent(path, p -> new TreeMap<>()).put(method, route);
    }
  }

  /** Mounts administration, which asks for sessions and keys by itself. */
  void addAdmin(AdminApi admin) {
    Route.Handler handler =
        call -> call.outcome(admin.handle(call.exchange(), call.requestId(), call::administrator));
    for (String method : AdminApi.METHODS) {
      Route route = new Route(method, Dialect.OPENAI, "admin", true, handler);
      below.computeIfAbsent(AdminApi.PREFIX + "/", p -> new TreeMap<>()).put(method, route);
    }
  }

  /** Routes of a path by method; null when there is nothing. */
  @Nullable Map<String, Route> find(String path) {
    Map<String, Route> found = exact.get(path);
    if (found != null) {
      return found;
    }
    for (Map.Entry<String, Map<String, Route>> entry : below.entrySet()) {
      if (path.startsWith(entry.getKey()) && path.length() > entry.getKey().length()) {
        return entry.getValue();
      }
    }
    return null;
  }
}
