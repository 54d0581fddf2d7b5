// The kinds of object that the chart makes, by kind; schemas.mjs turns them
// into JSON Schemas.
import {StatefulSet} from 'kubernetes-types/apps/v1';
import {ConfigMap, Pod, PodTemplateSpec, Service, ServiceAccount} from 'kubernetes-types/core/v1';
import {Ingress, NetworkPolicy} from 'kubernetes-types/networking/v1';
import {PodDisruptionBudget} from 'kubernetes-types/policy/v1';
import {ICertificate} from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate';
import {IHTTPRoute} from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import {IPodMonitor} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import {IPrometheusRule} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import {IServiceMonitor} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';

export interface Objects {
  Certificate: ICertificate;
  ConfigMap: ConfigMap;
  HTTPRoute: IHTTPRoute;
  Ingress: Ingress;
  NetworkPolicy: NetworkPolicy;
  Pod: Pod;
  PodDisruptionBudget: PodDisruptionBudget;
  PodMonitor: IPodMonitor;
  // Not an object of its own: what the sidecar's patch is a part of.
  PodTemplateSpec: PodTemplateSpec;
  PrometheusRule: IPrometheusRule;
  Service: Service;
  ServiceAccount: ServiceAccount;
  ServiceMonitor: IServiceMonitor;
  StatefulSet: StatefulSet;
}
