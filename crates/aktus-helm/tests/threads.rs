//! One parsed chart, many renders at once.

use std::thread;

use aktus_helm::{Chart, FrozenHost, LoadOptions, RenderOptions, Rendered, Values, render};

#[test]
fn charts_values_and_results_go_between_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Chart>();
    is_shared::<Values>();
    is_shared::<Rendered>();
    is_shared::<RenderOptions>();
}

#[test]
fn a_chart_is_rendered_from_many_threads_and_stays_as_it_was() {
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"),
        ("values.yaml", "replicas: 1\nseen: {}"),
        // What one template changes, the next of the same render sees, and no other render.
        ("templates/z.yaml", "{{- $_ := set .Values.seen \"z\" .Values.replicas }}kind: Z\n"),
        ("templates/a.yaml", "kind: A\nreplicas: {{ .Values.replicas }}\nseen: {{ toJson .Values.seen }}\n"),
        ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0"),
        ("charts/sub/templates/s.yaml", "kind: S\nzone: {{ .Values.global.zone }}\n"),
    ];
    let chart = Chart::from_files(files, &LoadOptions::default()).expect("a chart");
    let render_with = |replicas: usize| {
        let values = Values::from_json(serde_json::json!({"replicas": replicas, "global": {"zone": replicas}}));
        let options = RenderOptions::default();
        let rendered = render(&chart, &values, &options, &FrozenHost::default()).expect("it renders");
        rendered.into_manifests().expect("it is YAML").text()
    };
    let alone: Vec<String> = (0..8).map(render_with).collect();
    let together: Vec<Vec<String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..8).map(render_with).collect::<Vec<_>>())).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    for results in together {
        assert_eq!(results, alone);
    }
    assert!(alone[3].contains("replicas: 3\nseen: {\"z\":3}") && alone[3].contains("zone: 3"), "{}", alone[3]);
    assert_eq!(chart.values().to_json(), serde_json::json!({"replicas": 1, "seen": {}}));
}
