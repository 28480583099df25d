// Read for its CustomResourceDefinitions; nothing of it is built.
module aktus/tools/karpenter

go 1.26.0

require sigs.k8s.io/karpenter v1.13.0
