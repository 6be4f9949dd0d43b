package io.hadal.server.admin;

import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permission.Verb;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HttpProblem;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Where a call needs its permission: at each place that it names. What is named and does not exist
 * counts as the whole system, so that nobody learns of it who may not.
 */
final class CallPlaces {
  /** Belong to all; who may read them somewhere may read them. */
  private static final Set<Resource> SHARED =
      EnumSet.of(Resource.MODEL, Resource.ROLLOUT, Resource.PRICE, Resource.CAPACITY);

  /** From the narrowest. */
  private static final List<String> TREE = List.of("project", "team", "org");

  private static final List<String> OWNED = List.of("principal", "key");

  private final Tenants tenants;

  CallPlaces(Tenants tenants) {
    this.tenants = tenants;
  }

  List<Place> of(EndpointGroup group, Endpoint endpoint, PathPattern pattern, AdminCall call) {
    List<Place> places = new ArrayList<>();
    for (String name : pattern.names()) {
      String type = type(name, pattern);
      if (!type.isEmpty()) {
        places.add(place(type, call.path(name)));
      }
    }
    boolean inPath = !places.isEmpty();
    named(places, TREE, call);
    scope(places, call);
    if (places.isEmpty()) {
      named(places, OWNED, call);
    }
    Place own = group.place(endpoint, call);
    if (own != null && (places.isEmpty() || !own.equals(Place.ANYWHERE))) {
      places.add(own);
    }
    // What a path names and nobody can place is not placed by what the caller adds to it.
    boolean unplaced = !inPath && own == null && !pattern.names().isEmpty();
    if (places.isEmpty() || unplaced) {
      boolean shared =
          endpoint.permission().verb() == Verb.READ
              && SHARED.contains(endpoint.permission().resource());
      places.add(shared ? Place.ANYWHERE : Place.ALL);
    }
    return places;
  }

  /**
   * Passes when the organisation of a path is there: what belongs to one, such as keys of data,
   * must not begin with a slip of the pen.
   */
  void requireOrg(PathPattern pattern, AdminCall call) {
    if (pattern.names().contains("org") && tenants.place("org", call.path("org")) == null) {
      throw HttpProblem.notFound("The organisation");
    }
  }

  /** The kind of thing that a name in a path is an id of; empty for others. */
  private static String type(String name, PathPattern pattern) {
    String bare = name.replaceFirst("_id$", "");
    if (TREE.contains(bare) || OWNED.contains(bare)) {
      return bare;
    }
    if (!name.equals("id")) {
      return "";
    }
    String word = pattern.wordBefore(name).replaceFirst("s$", "");
    return TREE.contains(word) || OWNED.contains(word) ? word : "";
  }

  private void named(List<Place> places, List<String> types, AdminCall call) {
    boolean any = false;
    for (String type : types) {
      List<String> inQuery = new ArrayList<>();
      List<String> inBody = new ArrayList<>();
      for (String name : List.of(type, type + "_id")) {
        add(inQuery, call.query(name));
        add(inBody, string(call.body().get(name)));
      }
      boolean read = call.exchange().method().equals("GET");
      for (String id : inQuery) {
        Place place = place(type, id);
        // Filters narrow each other; what changes something needs each place it names.
        boolean narrowed = read && any && !places.isEmpty() && within(places.getLast(), place);
        if (!narrowed) {
          places.add(place);
        }
        any = true;
      }
      for (String id : inBody) {
        places.add(place(type, id));
        any = true;
      }
    }
  }

  private static boolean within(Place inner, Place outer) {
    return !outer.equals(Place.ALL) && !inner.equals(Place.ALL) && outer.contains(inner);
  }

  /** Pairs of scope_type and scope_id. */
  private void scope(List<Place> places, AdminCall call) {
    String queryType = call.query("scope_type");
    if (queryType != null) {
      places.add(scoped(queryType, call.query("scope_id"), call.actor()));
    }
    String bodyType = string(call.body().get("scope_type"));
    if (bodyType != null) {
      places.add(scoped(bodyType, string(call.body().get("scope_id")), call.actor()));
    }
  }

  private Place scoped(String type, @Nullable String id, Actor actor) {
    if (id == null || type.equals("all")) {
      return Place.ALL;
    }
    if (id.equals("*")) {
      // Each of a kind: in the actor's organisation, or of all.
      return Place.home(actor);
    }
    if (type.equals("end_user")) {
      return place("project", id.replaceFirst("/.*", ""));
    }
    return TREE.contains(type) || OWNED.contains(type) ? place(type, id) : Place.ALL;
  }

  private Place place(String type, String id) {
    Place place = tenants.place(type, id);
    return place == null ? Place.ALL : place;
  }

  private static void add(List<String> ids, @Nullable String id) {
    if (id != null && !ids.contains(id)) {
      ids.add(id);
    }
  }

  private static @Nullable String string(@Nullable JsonNode node) {
    return node != null && node.isString() ? node.stringValue() : null;
  }
}
