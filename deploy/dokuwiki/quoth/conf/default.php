<?php
$conf['server'] = '/quoth';
