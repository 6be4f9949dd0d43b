package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The manifests of {@code deploy/}, by a strict schema, and whether their parts fit together. */
class DeployManifestsTest {
  private static final Path ROOT = Path.of("..", "deploy", "kubernetes");
  private static final Path CHART = Path.of("..", "deploy", "helm", "hadal");
  private static final Schema SCHEMA = schema();

  @TempDir private Path folder = Path.of("");

  private static Schema schema() {
    try (InputStream in =
        Objects.requireNonNull(
            DeployManifestsTest.class.getResourceAsStream("/kubernetes/manifests.schema.json"))) {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<JsonNode> documents(Path file) throws IOException {
    try (MappingIterator<JsonNode> documents =
        new YAMLMapper().readerFor(JsonNode.class).readValues(Files.readString(file))) {
      return documents.readAll();
    }
  }

  private static boolean valid(JsonNode document) {
    return SCHEMA.validate(document.toString(), InputFormat.JSON).isEmpty();
  }

  /** What a kustomization stands for; a patch of the same name replaces an object's fields. */
  private static Map<String, JsonNode> load(Path where) throws IOException {
    Map<String, JsonNode> objects = new LinkedHashMap<>();
    JsonNode kustomization = documents(where.resolve("kustomization.yaml")).getFirst();
    assertThat(valid(kustomization)).as(where.toString()).isTrue();
    for (JsonNode resource : kustomization.path("resources")) {
      Path path = where.resolve(resource.asString());
      if (Files.isDirectory(path)) {
        objects.putAll(load(path));
        continue;
      }
      for (JsonNode document : documents(path)) {
        JsonNode before = objects.put(id(document), document);
        assertThat(before).as("two of " + id(document)).isNull();
      }
    }
    for (JsonNode patch : kustomization.path("patches")) {
      for (JsonNode document : documents(where.resolve(patch.path("path").asString()))) {
        JsonNode old = object(objects, id(document));
        assertThat(document.path("kind").asString()).isEqualTo("ConfigMap");
        JsonNode merged = old.deepCopy();
        document
            .path("data")
            .properties()
            .forEach(
                field -> ((ObjectNode) merged.path("data")).set(field.getKey(), field.getValue()));
        objects.put(id(document), merged);
      }
    }
    return objects;
  }

  private static JsonNode object(Map<String, JsonNode> objects, String id) {
    return Objects.requireNonNull(objects.get(id), id);
  }

  private static String id(JsonNode document) {
    return document.path("kind").asString() + "/" + document.at("/metadata/name").asString();
  }

  private static List<JsonNode> all(Map<String, JsonNode> objects, String kind) {
    return objects.values().stream().filter(o -> o.path("kind").asString().equals(kind)).toList();
  }

  @Test
  void everyManifestFits() throws Exception {
    List<Path> places =
        List.of(
            ROOT.resolve("base"),
            ROOT.resolve("overlays/vllm"),
            ROOT.resolve("overlays/sglang"),
            ROOT.resolve("overlays/queue-scaling"));
    JsonNode secret = documents(ROOT.resolve("secret.example.yaml")).getFirst();
    assertThat(valid(secret)).isTrue();
    Set<String> secrets = new HashSet<>(secret.path("stringData").propertyNames());
    for (Path place : places) {
      fits(load(place), secrets, place.toString());
    }
  }

  private void fits(Map<String, JsonNode> objects, Set<String> secrets, String place)
      throws IOException {
    for (JsonNode object : objects.values()) {
      assertThat(SCHEMA.validate(object.toString(), InputFormat.JSON))
          .as("%s in %s", id(object), place)
          .isEmpty();
    }
    for (JsonNode set : all(objects, "StatefulSet")) {
      fits(set, objects, secrets);
    }
    for (JsonNode service : all(objects, "Service")) {
      JsonNode target = selected(objects, service.at("/spec/selector"), id(service));
      for (JsonNode port : service.at("/spec/ports")) {
        assertThat(target.at("/spec/template/spec/containers/0/ports").findValuesAsString("name"))
            .contains(port.path("targetPort").asString());
      }
    }
    for (JsonNode budget : all(objects, "PodDisruptionBudget")) {
      selected(objects, budget.at("/spec/selector/matchLabels"), id(budget));
    }
    for (JsonNode scaler : all(objects, "HorizontalPodAutoscaler")) {
      JsonNode target =
          object(objects, "StatefulSet/" + scaler.at("/spec/scaleTargetRef/name").asString());
      JsonNode replicas = target.at("/spec/replicas");
      assertThat(scaler.at("/spec/minReplicas").asInt())
          .isLessThanOrEqualTo(scaler.at("/spec/maxReplicas").asInt());
      if (!replicas.isMissingNode()) {
        assertThat(replicas.asInt())
            .isBetween(
                scaler.at("/spec/minReplicas").asInt(), scaler.at("/spec/maxReplicas").asInt());
      }
      assertThat(
              target.at("/spec/template/spec/containers/0/resources/requests/cpu").isMissingNode())
          .as("a part of what is asked for")
          .isFalse();
    }
    configurations(object(objects, "ConfigMap/hadal-config"), secrets);
  }

  /** The one set whose pods have these labels. */
  private static JsonNode selected(Map<String, JsonNode> objects, JsonNode labels, String who) {
    List<JsonNode> sets =
        all(objects, "StatefulSet").stream()
            .filter(
                set ->
                    labels.properties().stream()
                        .allMatch(
                            l ->
                                set.at("/spec/template/metadata/labels")
                                    .path(l.getKey())
                                    .equals(l.getValue())))
            .toList();
    assertThat(sets).as(who).hasSize(1);
    return sets.getFirst();
  }

  private static void fits(JsonNode set, Map<String, JsonNode> objects, Set<String> secrets) {
    String who = id(set);
    selected(objects, set.at("/spec/selector/matchLabels"), who);
    JsonNode service = object(objects, "Service/" + set.at("/spec/serviceName").asString());
    assertThat(service.at("/spec/clusterIP").asString()).isEqualTo("None");
    JsonNode pod = set.at("/spec/template/spec");
    List<String> volumes = new ArrayList<>(pod.path("volumes").findValuesAsString("name"));
    for (JsonNode claim : set.at("/spec/volumeClaimTemplates")) {
      volumes.add(claim.at("/metadata/name").asString());
    }
    for (JsonNode volume : pod.path("volumes")) {
      String claim = volume.at("/persistentVolumeClaim/claimName").asString("");
      assertThat(claim.isEmpty() || objects.containsKey("PersistentVolumeClaim/" + claim))
          .as(who + " " + claim)
          .isTrue();
      String config = volume.at("/configMap/name").asString("");
      assertThat(config.isEmpty() || objects.containsKey("ConfigMap/" + config)).isTrue();
    }
    JsonNode container = pod.at("/containers/0");
    for (JsonNode mount : container.path("volumeMounts")) {
      assertThat(volumes).as(who).contains(mount.path("name").asString());
    }
    for (JsonNode env : container.path("env")) {
      String key = env.at("/valueFrom/secretKeyRef/key").asString("");
      assertThat(key.isEmpty() || secrets.contains(key)).as(key).isTrue();
    }
    List<String> ports = container.path("ports").findValuesAsString("name");
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertThat(ports).as(who).contains(container.path(probe).at("/httpGet/port").asString());
    }
    if (container.path("name").asString().equals("hadal")) {
      // Its arguments are of the real command; the drain ends before Kubernetes kills.
      assertThat(container.path("args").get(0).asString()).isEqualTo("serve");
      assertThat(pod.path("terminationGracePeriodSeconds").asInt())
          .isGreaterThan(120 + container.at("/lifecycle/preStop/sleep/seconds").asInt(0));
      assertThat(container.at("/readinessProbe/httpGet/path").asString()).isEqualTo("/readyz");
    }
  }

  private void configurations(JsonNode map, Set<String> secrets) throws IOException {
    for (Map.Entry<String, JsonNode> entry : map.path("data").properties()) {
      Path file = Files.writeString(folder.resolve("serve.yaml"), entry.getValue().asString());
      ServeConfig config = ServeConfig.read(file);
      assertThat(config.platform().shared()).as(entry.getKey()).isTrue();
      assertThat(config.limits().drain().toSeconds()).isEqualTo(120);
      assertThat(config.port()).isEqualTo(8080);
      Matcher used =
          Pattern.compile("/etc/hadal/secrets/([a-z.-]+)").matcher(entry.getValue().asString());
      while (used.find()) {
        assertThat(secrets).as(entry.getKey()).contains(used.group(1));
      }
    }
  }

  /** What a scaler asks for is what the adapter has, of a series that the server has. */
  @Test
  void scalersAskForMetricsThatThereAre() throws Exception {
    Path place = ROOT.resolve("overlays/queue-scaling");
    JsonNode rules = documents(place.resolve("adapter-values.yaml")).getFirst().at("/rules/custom");
    List<String> names = new ArrayList<>();
    for (JsonNode rule : rules) {
      String as = rule.at("/name/as").asString();
      names.add(as);
      assertThat(rule.path("seriesQuery").asString()).startsWith(as + "{");
      assertThat(as).matches(rule.at("/name/matches").asString());
      assertThat(rule.path("metricsQuery").asString())
          .contains("<<.Series>>", "<<.LabelMatchers>>", "<<.GroupBy>>");
      assertThat(rule.at("/resources/overrides").propertyNames()).contains("namespace", "pod");
    }
    JsonNode scaler = object(load(place), "HorizontalPodAutoscaler/hadal-engine");
    for (JsonNode metric : scaler.at("/spec/metrics")) {
      assertThat(names).contains(metric.at("/pods/metric/name").asString());
    }
    try (TestServer server = new TestServer()) {
      String metrics = server.get("/metrics").body();
      assertThat(names).allMatch(name -> metrics.contains("\n" + name + "{"));
    }
  }

  private static TemplateCommand chart() {
    return new Helm(CHART).template().withName("hadal").withKubeVersion("1.30.0");
  }

  /** What Helm makes of the chart with some values. */
  private Map<String, JsonNode> rendered(String values) throws IOException {
    Path file = Files.writeString(folder.resolve("values.yaml"), values);
    Path out = folder.resolve("rendered.yaml");
    Files.writeString(out, chart().withValuesFile(file).call());
    Map<String, JsonNode> objects = new LinkedHashMap<>();
    for (JsonNode document : documents(out)) {
      if (!document.isNull()) {
        assertThat(objects.put(id(document), document)).as("two of " + id(document)).isNull();
      }
    }
    return objects;
  }

  @Test
  void theChartFits() throws Exception {
    JsonNode secret = documents(ROOT.resolve("secret.example.yaml")).getFirst();
    Set<String> secrets = new HashSet<>(secret.path("stringData").propertyNames());
    assertThat(new Helm(CHART).lint().call().isFailed()).isFalse();
    Map<String, JsonNode> standard = rendered("{}");
    fits(standard, secrets, "chart");

    // By itself it is what the plain manifests are.
    Map<String, JsonNode> plain = load(ROOT.resolve("base"));
    assertThat(standard.keySet()).containsExactlyInAnyOrderElementsOf(plain.keySet());
    for (String part : List.of("gateway", "engine")) {
      String id = "StatefulSet/hadal-" + part;
      ObjectNode pod = (ObjectNode) object(standard, id).at("/spec/template/spec/containers/0");
      JsonNode wanted = object(plain, id).at("/spec/template/spec/containers/0");
      assertThat(pod.remove("image").asString()).isEqualTo("registry.example/hadal:0.1.0");
      pod.remove("imagePullPolicy");
      ((ObjectNode) wanted).remove("image");
      assertThat(pod).as(part).isEqualTo(wanted);
      assertThat(config(standard, part)).as(part).isEqualTo(config(plain, part));
    }

    String pools =
        """
        pools:
          - {name: vllm, kind: vllm, image: 'vllm:1', replicas: 2, gpus: 8, secretKey: vllm-key}
          - {name: sgl, kind: sglang, image: 'sgl:1', replicas: 1, gpus: 4, secretKey: sglang-key,
             args: [--mem-fraction-static=0.9], zdr: true}
        engine: {autoscaling: {enabled: true}, config: {cache: {disk_bytes: 1}}}
        gateway: {autoscaling: {enabled: false}, replicas: 5}
        networkPolicy: {monitoringNamespace: monitoring}
        drainSeconds: 120
        """;
    Map<String, JsonNode> mixed = rendered(pools);
    fits(mixed, secrets, "chart with pools");
    JsonNode config = config(mixed, "gateway");
    assertThat(config.path("upstreams").findValuesAsString("url"))
        .containsExactly(
            "http://hadal-vllm-0.hadal-vllm:8000/v1",
            "http://hadal-vllm-1.hadal-vllm:8000/v1",
            "http://hadal-sgl-0.hadal-sgl:8000/v1");
    assertThat(config.at("/routes/0/upstreams").toString())
        .isEqualTo("[\"engines\",\"vllm-0\",\"vllm-1\",\"sgl-0\"]");
    assertThat(config(mixed, "engine").at("/cache/disk_bytes").asInt()).isEqualTo(1);
    JsonNode scaler = object(mixed, "HorizontalPodAutoscaler/hadal-engine");
    assertThat(scaler.at("/spec/metrics/0/pods/metric/name").asString())
        .isEqualTo("llm_queue_depth");
    assertThat(mixed).doesNotContainKey("HorizontalPodAutoscaler/hadal-gateway");
    assertThat(object(mixed, "StatefulSet/hadal-gateway").at("/spec/replicas").asInt())
        .isEqualTo(5);
    JsonNode guarded =
        object(mixed, "NetworkPolicy/hadal-engine")
            .at("/spec/podSelector/matchExpressions/0/values");
    assertThat(guarded.toString()).isEqualTo("[\"engine\",\"vllm\",\"sgl\"]");

    Map<String, JsonNode> none = rendered("engine: {enabled: false}");
    assertThat(none.keySet()).noneMatch(id -> id.contains("engine") || id.contains("models"));
    fits(none, secrets, "chart without engines");
  }

  private static JsonNode config(Map<String, JsonNode> objects, String part) {
    String text =
        object(objects, "ConfigMap/hadal-config").path("data").path(part + ".yaml").asString();
    return new YAMLMapper().readTree(text);
  }

  @Test
  void wrongValuesOfTheChartAreRefused() throws Exception {
    for (String wrong :
        List.of(
            "gateway: {replica: 3}",
            "gateway: {replicas: 'three'}",
            "engine: {storage: 50GB}",
            "database: {url: 'mysql://x'}",
            "pools: [{name: gateway, kind: vllm, image: x, replicas: 1, gpus: 1, secretKey: k}]",
            "pools: [{name: a, kind: ollama, image: x, replicas: 1, gpus: 1, secretKey: k}]",
            "pools: [{name: a, kind: vllm, image: x, replicas: 1, gpus: 1}]")) {
      Path file = Files.writeString(folder.resolve("wrong.yaml"), wrong);
      assertThatThrownBy(() -> chart().withValuesFile(file).call())
          .as(wrong)
          .hasMessageContaining("don't meet the specifications of the schema");
    }
  }

  @Test
  void slipsOfThePenAreSeen() throws Exception {
    String gateway = Files.readString(ROOT.resolve("base/gateway.yaml"));
    String[][] slips = {
      {"readinessProbe:", "readynessProbe:"},
      {"terminationGracePeriodSeconds: 150", "terminationGracePeriodSeconds: '150'"},
      {"containerPort: 8080", "containerPort: 80800"},
      {"storage: 5Gi", "storage: 5GiB"},
      {"maxUnavailable: 1", "maxUnavailable: 1\n  minAvailable: 1"},
      {"apiVersion: autoscaling/v2", "apiVersion: autoscaling/v1"},
    };
    for (String[] slip : slips) {
      assertThat(gateway).contains(slip[0]);
      Path file = Files.writeString(folder.resolve("slip.yaml"), gateway.replace(slip[0], slip[1]));
      assertThat(documents(file)).as(slip[1]).anyMatch(document -> !valid(document));
    }
  }
}
